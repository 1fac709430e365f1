"""The daemon is killed at every named step of every operation: each is settled, true, whole, and leaves nothing."""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable, Iterator

import pytest

from vmsim.cloud import crash_switch
from vmsim.lab import identity
from vmsim.model.operation import Ending

from .crashes import Crasher, is_true, latest, nothing_left_over
from .homes import RunningHome, View, running_home, until

pytestmark = pytest.mark.guest

PASSWORD = "Crash-Test-{}"
ENDINGS = {False: Ending.KILLED.value, True: Ending.POWERED_OFF_INSIDE.value}


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    """The limit of a forced stop is short, so that its guest need not be up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crash_switch.VARIABLE, crash_switch.BY_FILE)
        root = tmp_path_factory.mktemp("crash") / "home"
        with running_home(root, soft_stop_limit=1, launch_failed_kept=7200) as cloud:
            yield Crasher(cloud)


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> View:
    """Made once; each test leaves it STOPPED."""
    (made,) = crash.cloud.launch("crash", wait=False, bandwidth_out=1)
    crash.cloud.do(made["id"], "stop", stop_type="HARD")
    return crash.cloud.instance(made["id"])


def at_every_step(
    crash: Crasher, ident: str, verb: str, before: Callable[[int], None], ask: Callable[[int], View]
) -> int:
    """Do it once for its steps, then once for each of them with a kill; `before` and `ask` are told the round."""
    before(0)
    steps = crash.steps_of(lambda: crash.cloud.settled(ask(0)))
    assert f"{verb}.accepted" in steps and f"{verb}.settle" in steps
    for number, step in enumerate(steps, 1):
        before(number)
        print(step, flush=True)
        crash.killed_at(step, lambda number=number: ask(number))  # type: ignore[misc]
        ended = latest(crash.cloud, ident, verb)
        assert ended["state"] == "SUCCESS", (step, ended)
        is_true(crash.cloud, ident)
        nothing_left_over(crash.cloud)
    return len(steps)


def nothing(_number: int) -> None:
    """No state has to be brought about first."""


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
        "reset-type": lambda number: ask("reset-type", type_name=f"LAB1.NANO{256 if number % 2 else 128}"),
    }


@pytest.mark.parametrize("verb", ["reset-password", "associate-keys", "disassociate-keys", "resize-disk", "reset-type"])
def test_an_edit_of_a_stopped_guest(crash: Crasher, guest: View, verb: str) -> None:
    ask = edits(crash, guest["id"], force=False)[verb]
    count = at_every_step(crash, guest["id"], verb, nothing, ask)
    after = crash.cloud.instance(guest["id"])
    assert after["state"] == "STOPPED"
    if verb == "resize-disk":
        assert after["disks"][0]["size_gib"] == guest["disks"][0]["size_gib"] + 1 + count


@pytest.mark.parametrize("verb", ["reset-password", "resize-disk"])
def test_an_edit_of_a_running_guest(crash: Crasher, guest: View, verb: str) -> None:
    """With force it is stopped, edited, and started; it ends RUNNING, and is not edited again once it runs."""
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    at_every_step(crash, ident, verb, nothing, edits(crash, ident, force=True)[verb])
    assert cloud.instance(ident)["state"] == "RUNNING"
    cloud.do(ident, "stop", stop_type="HARD")


def test_start_and_stop(crash: Crasher, guest: View) -> None:
    """Stopped without charging, so that each start gets an address and each stop gives it back."""
    cloud, ident = crash.cloud, guest["id"]

    def stopped(_number: int) -> None:
        if cloud.instance(ident)["state"] == "RUNNING":
            cloud.do(ident, "stop", stop_type="HARD", stopped_mode="STOP_CHARGING")

    def running(_number: int) -> None:
        if cloud.instance(ident)["state"] == "STOPPED":
            cloud.do(ident, "start")

    at_every_step(crash, ident, "start", stopped, lambda _: cloud.ask(ident, "start"))
    assert cloud.instance(ident)["public_ip"]

    def stop(_number: int) -> View:
        return cloud.ask(ident, "stop", stop_type="HARD", stopped_mode="STOP_CHARGING")

    at_every_step(crash, ident, "stop", running, stop)
    assert cloud.instance(ident)["public_ip"] is None
    assert cloud.operations(ident)[0]["evidence"]["stop"]["ending"] == "unplugged"


def test_reboot(crash: Crasher, guest: View) -> None:
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    at_every_step(crash, ident, "reboot", nothing, lambda _: cloud.ask(ident, "reboot", stop_type="HARD"))
    cloud.do(ident, "stop", stop_type="HARD")


def test_a_soft_stop(crash: Crasher, guest: View) -> None:
    """The guest obeys whatever becomes of the daemon, and what is kept as evidence says so."""
    cloud, ident = crash.cloud, guest["id"]

    def up(_number: int) -> None:
        if cloud.instance(ident)["state"] == "STOPPED":
            cloud.do(ident, "start")
        cloud.wait_up(ident)

    at_every_step(crash, ident, "stop", up, lambda _: cloud.ask(ident, "stop", limit=60))
    for operation in cloud.operations(ident):
        if operation["arguments"].get("stop_type") == "SOFT":
            found = operation["evidence"]["stop"]
            assert found["presses"] and found["file_system"] == "clean", found
            assert found["ending"] in ("shut itself down", "died while nobody looked"), found
            print(found["ending"], found["presses"], found["acknowledged"])


def test_launch_and_terminate(crash: Crasher, guest: View) -> None:
    """Each kill of a launch is followed by a kill of its termination."""
    cloud = crash.cloud
    made: list[str] = []

    def launch(number: int) -> None:
        wanted = {"type_name": "LAB1.NANO128", "name": f"l{number}", "password": "Launch-It-1", "bandwidth_out": 1}
        cloud.client.post("/v1/instances", wanted)

    def find(number: int) -> str:
        (found,) = [
            each["id"] for each in cloud.client.get("/v1/instances")["instances"] if each["name"] == f"l{number}"
        ]
        return str(found)

    def whole(number: int) -> None:
        launch(number)
        made.append(find(number))
        latest(cloud, made[-1], "run")

    def gone(ident: str) -> None:
        cloud.settled(cloud.ask(ident, "terminate"))

    launching = crash.steps_of(lambda: whole(0))
    ending = crash.steps_of(lambda: gone(made[0]))
    assert "run.settle" in launching and "terminate.settle" in ending
    for number in range(1, 1 + max(len(launching), len(ending))):
        if number <= len(launching):
            print(launching[number - 1], flush=True)
            crash.killed_at(launching[number - 1], lambda number=number: launch(number))  # type: ignore[misc]
            ident = find(number)
            assert latest(cloud, ident, "run")["state"] == "SUCCESS"
        else:
            whole(number)
            ident = made[-1]
        is_true(cloud, ident)
        nothing_left_over(cloud)
        if number <= len(ending):
            print(ending[number - 1], flush=True)
            crash.killed_at(ending[number - 1], lambda ident=ident: cloud.ask(ident, "terminate"))  # type: ignore[misc]
        else:
            cloud.ask(ident, "terminate")
        until(lambda ident=ident: ident not in cloud.virsh("list", "--all", "--name"))  # type: ignore[misc]
        until(lambda: len(cloud.client.get("/v1/instances")["instances"]) == 1)
        nothing_left_over(cloud)


def test_a_failed_launch_leaves_nothing(crash: Crasher, guest: View) -> None:
    """Its image is not there, and the daemon is killed while it undoes."""
    cloud = crash.cloud
    (image,) = cloud.home.images.glob("tiny-*.qcow2")
    away = image.with_suffix(".away")
    image.rename(away)
    image.write_bytes(b"not an image")
    try:
        wanted = {"type_name": "LAB1.NANO128", "name": "fails", "password": "Launch-It-1", "bandwidth_out": 1}

        def launch() -> None:
            cloud.client.post("/v1/instances", wanted)

        def failed(act: Callable[[], None]) -> str:
            act()
            (ident,) = [
                each["id"] for each in cloud.client.get("/v1/instances")["instances"] if each["name"] == "fails"
            ]
            ended = latest(cloud, ident, "run")
            assert ended["state"] == "FAILED" and "could not be made" in ended["error"], ended
            assert cloud.instance(ident)["state"] == "LAUNCH_FAILED"
            nothing_left_over(cloud)
            cloud.do(ident, "terminate", force=True)
            return str(ident)

        steps = [step for step in crash.steps_of(lambda: failed(launch)) if step.startswith("run.")]
        assert "run.undo" in steps
        for step in steps:
            print(step, flush=True)
            failed(lambda step=step: crash.killed_at(step, launch))  # type: ignore[misc]
    finally:
        away.replace(image)


def test_the_guest_still_works(crash: Crasher, guest: View) -> None:
    """After all that: it boots, and the last password is the one."""
    cloud, ident = crash.cloud, guest["id"]
    known = [each["id"] for each in cloud.client.get("/v1/keys")["keys"]]
    cloud.do(ident, "disassociate-keys", key_ids=known)
    cloud.do(ident, "reset-password", password=PASSWORD.format("last"))
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    size = cloud.instance(ident)["disks"][0]["size_gib"]
    blocks = int(cloud.inside(ident, "df -k / | tail -1", password=PASSWORD.format("last")).split()[1])
    assert blocks > (size - 1) * 2**20 * 0.9
    cloud.do(ident, "stop", stop_type="HARD")
    cloud.disk_is_whole(cloud.instance(ident))
    away = sorted(crash.away)
    print(f"{len(away)} kills; daemon away: median {statistics.median(away):.2f} s, longest {away[-1]:.2f} s")


def test_guests_outlive_the_daemon(crash: Crasher, guest: View) -> None:
    cloud, ident = crash.cloud, guest["id"]
    (other,) = cloud.launch("other", wait=False)
    cloud.do(ident, "start")
    pids = [cloud.running_qemu(each).pid for each in (ident, other["id"])]
    until(lambda: reserve_is_there(cloud))
    away = crash.kill_daemon()
    print(f"kill -9 to answer: {away:.2f} s")
    assert [cloud.running_qemu(each).pid for each in (ident, other["id"])] == pids
    assert away < 2.0  # within a second on an idle machine
    # Both end while nobody looks: one is killed, one presses its own button.
    cloud.wait_up(ident)
    lab = cloud.lab.status().pid
    os.kill(lab, signal.SIGSTOP)  # PID 1, so that the daemon stays away
    try:
        os.kill(cloud.lab.pid_of("daemon"), signal.SIGKILL)
        os.kill(pids[1], signal.SIGKILL)
        cloud.virsh("shutdown", "--mode", "acpi", ident)
        until(lambda: not any(alive(pid) for pid in pids))
    finally:
        os.kill(lab, signal.SIGCONT)
    for each in (ident, other["id"]):
        until(lambda each=each: cloud.instance(each)["state"] == "STOPPED")  # type: ignore[misc]
        # libvirtd may tell of an end only when PID 1 has buried the process: then somebody did look.
        reason = cloud.instance(each)["state_reason"]
        print(reason)
        assert reason in ("died while nobody looked", ENDINGS[each == ident])
        is_true(cloud, each)
    cloud.do(other["id"], "terminate")


def alive(pid: int) -> bool:
    """A zombie is not."""
    return identity.started(pid) is not None


def reserve_is_there(cloud: RunningHome) -> bool:
    return cloud.in_lab("pgrep", "-fc", "vmsim.lab.standby").strip() == "2"
