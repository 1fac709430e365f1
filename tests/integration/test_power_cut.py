"""The whole lab loses its power, or goes down properly; and requests that race each other."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from vmsim.cloud import crash_switch
from vmsim.host import command
from vmsim.lab import identity
from vmsim.model.errors import HostError, Refused, VmsimError

from .crashes import Crasher, is_true, latest, nothing_left_over
from .homes import NANO, RunningHome, running_home, until

pytestmark = pytest.mark.guest

PASSWORD = "Power-Cut-1"


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crash_switch.VARIABLE, crash_switch.BY_FILE)
        with running_home(tmp_path_factory.mktemp("cut") / "home", down_limit=10) as cloud:
            yield Crasher(cloud)


@pytest.fixture(scope="module")
def cloud(crash: Crasher) -> RunningHome:
    return crash.cloud


def by_name(cloud: RunningHome, name: str) -> str:
    (found,) = [each["id"] for each in cloud.client.get("/v1/instances")["instances"] if each["name"] == name]
    return str(found)


def clear(cloud: RunningHome) -> None:
    for each in cloud.client.get("/v1/instances")["instances"]:
        cloud.do(each["id"], "terminate", force=each["state"] == "LAUNCH_FAILED")
    nothing_left_over(cloud)


def left_of(cloud: RunningHome) -> Callable[[], list[int]]:
    """Asked later: which of the lab's processes of now are still there."""
    inside = cloud.lab.processes()
    return lambda: [pid for pid in inside if identity.started(pid)]


def test_a_power_cut_during_everything(crash: Crasher) -> None:
    """An operation of each kind stands at a step of its own when the plug is pulled."""
    cloud = crash.cloud
    held = {
        "run": ("run.edit", "FAILED", "LAUNCH_FAILED"),
        "start": ("start.settle", "FAILED", "STOPPED"),
        "stop": ("stop.press", "SUCCESS", "STOPPED"),
        "reboot": ("reboot.define", "FAILED", "STOPPED"),
        "terminate": ("terminate.files", "SUCCESS", ""),
        "reset-password": ("reset-password.password.commit", "SUCCESS", "STOPPED"),
        "resize-disk": ("resize-disk.resize.check", "SUCCESS", "STOPPED"),
    }
    names = ("start", "stop", "reboot", "terminate", "reset-password", "resize-disk", "idle")
    ids = {each["name"]: each["id"] for each in cloud.launch(*names, wait=False, bandwidth_out=1)}
    for name in ("start", "reset-password", "resize-disk"):
        cloud.do(ids[name], "stop", stop_type="HARD")
    (cloud.home.root / crash_switch.HELD).write_text("\n".join(step for step, _, _ in held.values()))
    before = len((cloud.home.root / crash_switch.REACHED).read_text().splitlines())
    arguments: dict[str, dict[str, Any]] = {
        "reboot": {"stop_type": "HARD"},
        "reset-password": {"password": PASSWORD},
        "resize-disk": {"size_gib": 3},
    }
    for verb in ("start", "stop", "reboot", "terminate", "reset-password", "resize-disk"):
        cloud.ask(ids[verb], verb, **arguments.get(verb, {}))
    cloud.client.post("/v1/instances", {"type_name": NANO, "name": "run", "password": PASSWORD, "bandwidth_out": 1})
    ids["run"] = by_name(cloud, "run")

    def all_held() -> bool:
        reached = (cloud.home.root / crash_switch.REACHED).read_text().splitlines()[before:]
        return {step for step, _, _ in held.values()} <= set(reached)

    until(all_held)
    left = left_of(cloud)
    cloud.lab.kill()
    until(lambda: not left())
    (cloud.home.root / crash_switch.HELD).unlink()

    begun = time.monotonic()
    cloud.lab.up()
    print(f"up after the power cut: {time.monotonic() - begun:.2f} s")
    assert not [name for name in cloud.virsh("list", "--name").split() if name]
    for verb, (_, outcome, state) in held.items():
        if state:
            ended = latest(cloud, ids[verb], verb)
            print(f"{verb}: {ended['state']} {ended['error']}")
            assert ended["state"] == outcome, (verb, ended)
            assert cloud.instance(ids[verb])["state"] == state
    until(lambda: ids["terminate"] not in {each["id"] for each in cloud.client.get("/v1/instances")["instances"]})
    idle = cloud.instance(ids["idle"])
    assert (idle["state"], idle["state_reason"]) == ("STOPPED", "died while nobody looked: the lab lost its power")
    for name in names:
        if name != "terminate":
            is_true(cloud, ids[name])
    nothing_left_over(cloud)
    assert cloud.instance(ids["resize-disk"])["disks"][0]["size_gib"] == 3

    # They work: the edited one with its new password.
    cloud.do(ids["reset-password"], "disassociate-keys", key_ids=cloud.instance(ids["reset-password"])["key_ids"])
    cloud.do(ids["reset-password"], "start")
    cloud.wait_up(ids["reset-password"])
    assert cloud.inside(ids["reset-password"], "echo works", password=PASSWORD) == "works"
    clear(cloud)


def test_down_asks_every_guest(crash: Crasher) -> None:
    """By the command line: one obeys, one is deaf; then nothing is left. And the records know it afterwards."""
    cloud = crash.cloud
    (good,) = cloud.launch("good")
    (deaf,) = cloud.launch("deaf", words="deaf")
    lab = cloud.lab.status().pid
    spaces = {str(path.readlink()) for path in Path(f"/proc/{lab}/ns").iterdir()}
    ours = {str(path.readlink()) for path in Path("/proc/self/ns").iterdir()}
    left = left_of(cloud)
    environment = {"VMSIM_HOME": str(cloud.home.root)}
    begun = time.monotonic()
    done = command.run([sys.executable, "-m", "vmsim", "down", "--limit", "4"], env=environment, check=False)
    took = time.monotonic() - begun
    print(f"down with a deaf guest: {took:.1f} s\n{done.stderr}")
    assert done.returncode == 0, done.stderr
    assert 4 < took < 20
    assert f"good ({good['id']}) is being stopped" in done.stderr and f"good ({good['id']}) is off" in done.stderr
    assert f"deaf ({deaf['id']}) is being stopped" in done.stderr
    assert "The lab is down." in done.stdout
    assert not left()
    assert not cloud.home.runtime.exists() and not cloud.home.lab_file.exists()
    assert str(cloud.home.root) not in Path("/proc/self/mountinfo").read_text()
    assert not (spaces - ours) & namespaces()

    cloud.lab.up()
    found = {each["id"]: latest(cloud, each["id"], "stop") for each in (good, deaf)}
    evidence = {ident: operation["evidence"]["stop"] for ident, operation in found.items()}
    assert all(operation["caller"]["how"] == "lab" for operation in found.values())
    assert (evidence[good["id"]]["shutdown_detail"], evidence[good["id"]]["file_system"]) == ("GUEST", "clean")
    assert evidence[good["id"]]["ending"] == "shut itself down"
    assert evidence[deaf["id"]]["ending"] == "unplugged"
    for each in (good, deaf):
        assert cloud.instance(each["id"])["state"] == "STOPPED"
        is_true(cloud, each["id"])
    cloud.do(deaf["id"], "terminate")


def namespaces() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            found |= {str(each.readlink()) for each in (path / "ns").iterdir()}
        except OSError:
            continue
    return found


def test_down_while_the_daemon_is_coming_up(crash: Crasher) -> None:
    """Told to end before it can obey, the daemon still asks its guests; and so does the successor of one that is
    killed while it does."""
    cloud = crash.cloud
    good = by_name(cloud, "good")

    def told_to_go() -> int:
        return (cloud.home.logs / "init.log").read_text().count("going down")

    for kills in (1, 2):
        cloud.do(good, "start")
        before = told_to_go()
        cloud.wait_up(good)
        os.kill(until(lambda: cloud.lab.pid_of("daemon")), signal.SIGKILL)
        going = threading.Thread(target=cloud.lab.down)
        going.start()
        if kills == 2:
            until(lambda before=before: told_to_go() > before)  # type: ignore[misc]
            os.kill(until(lambda: cloud.lab.pid_of("daemon")), signal.SIGKILL)
        going.join()
        cloud.lab.up()
        ended = latest(cloud, good, "stop")
        assert ended["evidence"]["stop"]["shutdown_detail"] == "GUEST", ended
        assert ended["evidence"]["stop"]["file_system"] == "clean"
    cloud.do(good, "terminate")


def together(*acts: Callable[[], object]) -> list[object]:
    """All at one instant: what each gave, or the refusal."""
    ready = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def act(number: int) -> None:
        ready.wait()
        try:
            found[number] = acts[number]()
        except (Refused, TencentCloudSDKException) as error:
            found[number] = error

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def accepted(found: list[object]) -> list[object]:
    return [each for each in found if not isinstance(each, Exception)]


def test_one_of_identical_stops_is_accepted(cloud: RunningHome) -> None:
    """By both APIs at once; each round another race. Start is refused while it stops, and accepted right after."""
    (guest,) = cloud.launch("race", wait=False)
    ident = guest["id"]
    for number in range(4):
        local = [lambda: cloud.ask(ident, "stop", stop_type="HARD")] * 3
        wire = [lambda: cloud.api("StopInstances", InstanceIds=[ident], StopType="HARD")] * 3
        found = together(*local, *wire)
        assert len(accepted(found)) == 1, found
        for each in found:
            if isinstance(each, TencentCloudSDKException):
                assert each.get_code() in (
                    "UnsupportedOperation.InstanceStateStopping",
                    "UnsupportedOperation.InstanceStateStopped",
                ), each
        latest(cloud, ident, "stop")
        starts = [lambda: cloud.ask(ident, "start")] * 3
        assert len(accepted(together(*starts))) == 1, number
        assert latest(cloud, ident, "start")["state"] == "SUCCESS"
        is_true(cloud, ident)
    assert Counter(each["verb"] for each in cloud.operations(ident)) == {"stop": 4, "start": 4, "run": 1}
    cloud.do(ident, "terminate")


def test_stop_against_terminate(cloud: RunningHome) -> None:
    for _ in range(3):
        (guest,) = cloud.launch("race", wait=False)
        ident = guest["id"]
        found = together(
            lambda ident=ident: cloud.ask(ident, "stop", stop_type="HARD"),  # type: ignore[misc]
            lambda ident=ident: cloud.ask(ident, "terminate"),  # type: ignore[misc]
        )
        assert len(accepted(found)) == 1, found
        if isinstance(found[1], Exception):
            latest(cloud, ident, "stop")
            cloud.do(ident, "terminate")
        until(lambda: not cloud.client.get("/v1/instances")["instances"])
        nothing_left_over(cloud)


def test_launches_while_the_daemon_is_killed(crash: Crasher) -> None:
    """Each is there once or not at all: what broke off is asked again with its token."""
    cloud = crash.cloud
    ready = threading.Barrier(4)

    def launch(number: int) -> None:
        wanted = {"type_name": NANO, "name": f"p{number}", "password": PASSWORD, "client_token": f"token-{number}"}
        ready.wait()
        while True:
            try:
                cloud.client.post("/v1/instances", wanted)
                return
            except HostError:
                continue

    threads = [threading.Thread(target=launch, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    crash.kill_daemon()
    for thread in threads:
        thread.join()
    found = cloud.client.get("/v1/instances")["instances"]
    assert sorted(each["name"] for each in found) == ["p0", "p1", "p2"]
    for each in found:
        assert latest(cloud, each["id"], "run")["state"] == "SUCCESS"
        is_true(cloud, each["id"])
    nothing_left_over(cloud)
    with pytest.raises(VmsimError):
        cloud.ask("ins-00000000", "stop")
    clear(cloud)
