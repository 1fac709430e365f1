"""The daemon is killed at every named step of every operation: each is settled, true, whole, and leaves nothing.

The edits of an instance have a file of their own, test_crash_edits.py.
"""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable, Iterator

import pytest

from vmsim.lab import identity
from vmsim.model.operation import Ending

from .crashes import Crasher, at_every_step, crashing_home, is_true, latest, nothing, nothing_left_over
from .homes import RunningHome, View, until

pytestmark = pytest.mark.guest

PASSWORD = "Crash-Test-1"
ENDINGS = {False: Ending.KILLED.value, True: Ending.POWERED_OFF_INSIDE.value}


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> View:
    """Made once; each test leaves it STOPPED."""
    return crash.stopped_guest()


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


@pytest.mark.parametrize("stop_type", ["HARD", "SOFT_FIRST"])
def test_a_reboot_that_ends_with_the_plug(crash: Crasher, guest: View, stop_type: str) -> None:
    """SOFT_FIRST presses first: the guest is booting, and the home's limit of a second is over before it listens."""
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    at_every_step(crash, ident, "reboot", nothing, lambda _: cloud.ask(ident, "reboot", stop_type=stop_type))
    cloud.do(ident, "stop", stop_type="HARD")


def test_a_soft_reboot(crash: Crasher, guest: View) -> None:
    """The guest goes down by itself and comes up again, once, whatever becomes of the daemon."""
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")

    def up(_number: int) -> None:
        cloud.wait_up(ident)

    at_every_step(crash, ident, "reboot", up, lambda _: cloud.ask(ident, "reboot", limit=60))
    obeyed(cloud, ident, "reboot")
    cloud.do(ident, "stop", stop_type="HARD")


def test_a_stop_that_ends_with_the_plug(crash: Crasher, guest: View) -> None:
    """SOFT_FIRST of a guest that is still booting."""
    cloud, ident = crash.cloud, guest["id"]

    def booting(_number: int) -> None:
        cloud.do(ident, "start")

    at_every_step(crash, ident, "stop", booting, lambda _: cloud.ask(ident, "stop", stop_type="SOFT_FIRST"))
    assert "unplugged" in {
        each["evidence"]["stop"]["ending"] for each in cloud.operations(ident) if each["verb"] == "stop"
    }


def test_a_soft_stop(crash: Crasher, guest: View) -> None:
    """The guest obeys whatever becomes of the daemon, and what is kept as evidence says so."""
    cloud, ident = crash.cloud, guest["id"]

    def up(_number: int) -> None:
        if cloud.instance(ident)["state"] == "STOPPED":
            cloud.do(ident, "start")
        cloud.wait_up(ident)

    at_every_step(crash, ident, "stop", up, lambda _: cloud.ask(ident, "stop", limit=60))
    obeyed(cloud, ident, "stop")


def obeyed(cloud: RunningHome, ident: str, verb: str) -> None:
    """Every soft one of the verb was heard by the guest, which then ended by itself."""
    soft = [one for one in cloud.operations(ident) if one["verb"] == verb and one["arguments"]["stop_type"] == "SOFT"]
    assert soft
    for operation in soft:
        found = operation["evidence"]["stop"]
        assert found["presses"], found
        assert found["ending"] in ("shut itself down", "died while nobody looked"), found
        assert verb != "stop" or found["file_system"] == "clean", found
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


def test_how_long_the_daemon_was_away(crash: Crasher) -> None:
    """After every kill it came back by itself; what it took is printed, with many of them in close sequence."""
    away = sorted(crash.away)
    print(f"{len(away)} kills; daemon away: median {statistics.median(away):.2f} s, longest {away[-1]:.2f} s")
    assert away[-1] < 10


def alive(pid: int) -> bool:
    """A zombie is not."""
    return identity.started(pid) is not None


def reserve_is_there(cloud: RunningHome) -> bool:
    return cloud.in_lab("pgrep", "-fc", "vmsim.lab.standby").strip() == "2"
