"""The daemon is killed at every named step of a reinstallation and of an isolation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .crashes import Crasher, at_every_step, crashing_home, is_true, latest, nothing, nothing_left_over
from .homes import NANO, View

pytestmark = pytest.mark.guest

PASSWORD = "Crash-Test-{}"


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> View:
    return crash.stopped_guest()


@pytest.mark.parametrize("began_in", ["STOPPED", "RUNNING"])
def test_a_reinstallation(crash: Crasher, guest: View, began_in: str) -> None:
    """It ends RUNNING with the login and the host key that are recorded, whatever becomes of the daemon."""
    cloud, ident = crash.cloud, guest["id"]
    size = cloud.instance(ident)["disks"][0]["size_gib"]

    def stopped(_number: int) -> None:
        if cloud.instance(ident)["state"] == "RUNNING":
            cloud.do(ident, "stop", stop_type="HARD")

    if began_in == "RUNNING":
        stopped(0)
        cloud.do(ident, "start")  # still booting in every round: it does not hear the button, and gets the plug

    def ask(number: int) -> View:
        return cloud.ask(ident, "reinstall", password=PASSWORD.format(number), size_gib=size + number)

    count = at_every_step(crash, ident, "reinstall", stopped if began_in == "STOPPED" else nothing, ask)
    found = cloud.instance(ident)
    assert (found["state"], found["disks"][0]["size_gib"]) == ("RUNNING", size + count)
    cloud.wait_up(ident)
    assert cloud.inside(ident, "cat /sys/class/block/vda/size", password=PASSWORD.format(count)) == str(
        (size + count) * 2**21
    )


def test_an_isolation(crash: Crasher) -> None:
    """Each kill takes another instance, since none comes back from the recycle bin."""
    cloud = crash.cloud

    def prepaid(name: str) -> str:
        (made,) = cloud.launch(
            name, wait=False, type_name=NANO, charge_type="PREPAID", prepaid_months=1, bandwidth_out=1
        )
        return str(made["id"])

    first = prepaid("first")
    steps = crash.steps_of(lambda: cloud.settled(cloud.ask(first, "terminate")))
    assert "isolate.accepted" in steps and "isolate.settle" in steps
    for step in steps:
        ident = prepaid(step)
        crash.killed_at(step, lambda ident=ident: cloud.ask(ident, "terminate"))  # type: ignore[misc]
        ended = latest(cloud, ident, "isolate")
        assert ended["state"] == "SUCCESS", (step, ended)
        found = cloud.instance(ident)
        assert (found["state"], found["isolated_source"]) == ("SHUTDOWN", "MANMADE") and found["public_ip"]
        is_true(cloud, ident)
        nothing_left_over(cloud)
        cloud.do(ident, "terminate")
        nothing_left_over(cloud)
