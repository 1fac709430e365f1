"""The daemon is killed at every named step of every edit: of a stopped guest and, with force, of a running one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .crashes import Crasher, at_every_step, crashing_home, nothing
from .homes import View

pytestmark = pytest.mark.guest

PASSWORD = "Crash-Test-{}"
EDITS = ("reset-password", "associate-keys", "disassociate-keys", "resize-disk", "reset-type", "modify")


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> View:
    """Made once; each test leaves it STOPPED."""
    return crash.stopped_guest()


def edits(crash: Crasher, ident: str, force: bool) -> dict[str, Callable[[int], View]]:
    """Every edit, another value each round."""
    cloud = crash.cloud
    known = {each["name"]: each["id"] for each in cloud.client.get("/v1/keys")["keys"]}
    keys = [known.get(name) or cloud.client.post("/v1/keys", {"name": name})["key"]["id"] for name in ("one", "two")]
    size = cloud.instance(ident)["disks"][0]["size_gib"]

    def ask(verb: str, **arguments: object) -> View:
        return cloud.ask(ident, verb, force=force, **arguments)

    return {
        "reset-password": lambda number: ask("reset-password", password=PASSWORD.format(number)),
        "associate-keys": lambda number: ask("associate-keys", key_ids=[keys[number % 2]]),
        "disassociate-keys": lambda number: ask("disassociate-keys", key_ids=keys),
        "resize-disk": lambda number: ask("resize-disk", size_gib=size + 1 + number),
        "modify": lambda number: ask("modify", host_name=f"crash-{number}"),
        "reset-type": lambda number: ask("reset-type", type_name=f"LAB1.NANO{256 if number % 2 else 128}"),
    }


@pytest.mark.parametrize("verb", EDITS)
def test_an_edit_of_a_stopped_guest(crash: Crasher, guest: View, verb: str) -> None:
    ask = edits(crash, guest["id"], force=False)[verb]
    count = at_every_step(crash, guest["id"], verb, nothing, ask)
    after = crash.cloud.instance(guest["id"])
    assert after["state"] == "STOPPED"
    if verb == "resize-disk":
        assert after["disks"][0]["size_gib"] == guest["disks"][0]["size_gib"] + 1 + count


@pytest.mark.parametrize("verb", EDITS)
def test_an_edit_of_a_running_guest(crash: Crasher, guest: View, verb: str) -> None:
    """With force it is stopped, edited, and started; it ends RUNNING, and is not edited again once it runs."""
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    at_every_step(crash, ident, verb, nothing, edits(crash, ident, force=True)[verb])
    assert cloud.instance(ident)["state"] == "RUNNING"
    cloud.do(ident, "stop", stop_type="HARD")


def test_a_disk_that_grows_under_a_running_guest(crash: Crasher, guest: View) -> None:
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    size = cloud.instance(ident)["disks"][0]["size_gib"]

    def ask(number: int) -> View:
        return cloud.ask(ident, "resize-online", size_gib=size + 1 + number)

    count = at_every_step(crash, ident, "resize-online", nothing, ask)
    assert cloud.instance(ident)["state"] == "RUNNING"
    assert cloud.instance(ident)["disks"][0]["size_gib"] == size + 1 + count
    cloud.do(ident, "stop", stop_type="HARD")


def test_a_host_name_that_waits_for_the_next_start(crash: Crasher, guest: View) -> None:
    """Killed at each step of the start that writes it."""
    cloud, ident = crash.cloud, guest["id"]

    def waits(number: int) -> None:
        if cloud.instance(ident)["state"] == "RUNNING":
            cloud.do(ident, "stop", stop_type="HARD")
        cloud.api("ModifyInstancesAttribute", InstanceIds=[ident], HostName=f"waits-{number}", AutoReboot=False)

    at_every_step(crash, ident, "start", waits, lambda _: cloud.ask(ident, "start"))
    assert not cloud.instance(ident)["pending_host_name"]
    cloud.do(ident, "stop", stop_type="HARD")


def test_the_guest_still_works(crash: Crasher, guest: View) -> None:
    """After all that: it boots, and the last password is the one."""
    cloud, ident = crash.cloud, guest["id"]
    known = [each["id"] for each in cloud.client.get("/v1/keys")["keys"]]
    cloud.do(ident, "disassociate-keys", key_ids=known)
    cloud.do(ident, "reset-password", password=PASSWORD.format("last"))
    cloud.do(ident, "modify", host_name="lasts")
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "hostname", password=PASSWORD.format("last")) == "lasts"
    size = cloud.instance(ident)["disks"][0]["size_gib"]
    blocks = int(cloud.inside(ident, "df -k / | tail -1", password=PASSWORD.format("last")).split()[1])
    assert blocks > (size - 1) * 2**20 * 0.9
    cloud.do(ident, "stop", stop_type="HARD")
    cloud.disk_is_whole(cloud.instance(ident))
