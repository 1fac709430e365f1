"""The command line on real guests, as a person uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmsim.host import command

from .homes import RunningHome, View

pytestmark = pytest.mark.guest

NAMES = ("one", "two", "three")


class Vmsim:
    """`vmsim …` on the home, in its own process."""

    def __init__(self, cloud: RunningHome) -> None:
        self._environment = {"VMSIM_HOME": str(cloud.home.root)}

    def __call__(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "vmsim", *words]
        return command.run(argv, check=False, stdin=stdin, env=self._environment, timeout=180)

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "vmsim", *words]
        return command.start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self._environment)

    def ok(self, *words: str, stdin: bytes = b"") -> str:
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done
        return done.stdout


@pytest.fixture(scope="module")
def vmsim(cloud: RunningHome) -> Vmsim:
    return Vmsim(cloud)


@pytest.fixture(scope="module")
def guests(cloud: RunningHome, vmsim: Vmsim) -> dict[str, View]:
    """Two that are up and one that is off."""
    vmsim.ok("launch", "one")
    cloud.launch("two", "three", wait=False)
    vmsim.ok("stop", "three", "--hard")
    return {name: cloud.instance(name) for name in NAMES}


def test_exec_passes_output_and_exit_codes_on(vmsim: Vmsim, guests: dict[str, View]) -> None:
    assert vmsim.ok("exec", "one", "--", "hostname").strip() == guests["one"]["host_name"]
    done = vmsim("exec", "one", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert vmsim.ok("exec", "one", "cat", stdin=b"through\n") == "through\n"
    assert vmsim("exec", "one", "--", "no-such-program").returncode == 127


def test_a_stopped_instance_says_how_to_start_it(vmsim: Vmsim, guests: dict[str, View]) -> None:
    done = vmsim("exec", "three", "--", "true")
    assert done.returncode == 1
    assert "STOPPED" in done.stderr and "vmsim start three" in done.stderr


def test_cp_there_and_back(vmsim: Vmsim, guests: dict[str, View], tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    (folder / "deep").mkdir(parents=True)
    content = os.urandom(300_000)
    (folder / "deep" / "a b.bin").write_bytes(content)
    (folder / "run").write_text("#!/bin/sh\necho ran\n")
    (folder / "run").chmod(0o755)
    vmsim.ok("exec", "one", "mkdir -p /srv")
    vmsim.ok("cp", str(folder), "one:/srv")
    assert vmsim.ok("exec", "one", "/srv/pages/run").strip() == "ran"
    back = tmp_path / "back"
    back.mkdir()
    vmsim.ok("cp", "one:/srv/pages/deep", str(back))
    assert (back / "deep" / "a b.bin").read_bytes() == content
    assert vmsim("cp", "one:/no/such", str(back)).returncode == 1


def test_ssh_and_its_config_know_the_host_key(
    cloud: RunningHome, vmsim: Vmsim, guests: dict[str, View], tmp_path: Path
) -> None:
    assert vmsim.ok("ssh", "one", "--", "cat", "/etc/hostname").strip() == guests["one"]["host_name"]
    config = tmp_path / "config"
    config.write_text(vmsim.ok("ssh-config", "one"))
    done = command.run(["ssh", "-F", str(config), "-o", "BatchMode=yes", "one", "echo by OpenSSH"])
    assert done.stdout == "by OpenSSH\n"


def test_what_a_person_sees(vmsim: Vmsim, guests: dict[str, View]) -> None:
    shown = {row["name"]: row["state"] for row in json.loads(vmsim.ok("list", "--output", "json"))["instances"]}
    assert shown == {"one": "RUNNING", "two": "RUNNING", "three": "STOPPED"}
    assert "login" in vmsim.ok("serial", "--log", "one").lower()
    assert "unplugged" in vmsim.ok("show", "three")
    assert "cpu" in vmsim.ok("stats", "one").lower()


def test_a_command_ends_with_its_guests_power(vmsim: Vmsim, guests: dict[str, View]) -> None:
    with vmsim.begin("exec", "two", "echo up; sleep 600") as under_way:
        assert under_way.stdout is not None and under_way.stderr is not None
        assert under_way.stdout.readline() == b"up\n"
        vmsim.ok("stop", "two", "--hard")
        assert under_way.wait(60) == 255
        assert under_way.stderr.read() == b"The session ended without an exit code.\n"
    vmsim.ok("start", "two")


def test_stop_says_for_each_what_happened(vmsim: Vmsim, guests: dict[str, View]) -> None:
    done = vmsim("stop", *NAMES)
    assert done.returncode == 3
    assert "one" in done.stdout and "two" in done.stdout
    assert done.stdout.count("shut itself down") == 2
    assert "three" in done.stderr and "STOPPED" in done.stderr
    told = vmsim.ok("events", "one")
    for word in ("StopInstances", "shutdown by the guest", "STOPPED"):
        assert word in told
    assert vmsim("stop", *NAMES).returncode == 1


def test_start_edit_and_terminate(cloud: RunningHome, vmsim: Vmsim, guests: dict[str, View]) -> None:
    vmsim.ok("set-type", "one", "LAB2.NANO256")
    vmsim.ok("start", "one")
    assert cloud.instance("one")["rung"] == "LOGIN", "a start waits for the guest"
    assert vmsim.ok("exec", "one", "nproc").strip() == "2"
    done = vmsim("set-type", "one", "LAB1.NANO128")
    assert done.returncode == 1 and "RUNNING" in done.stderr
    vmsim.ok("terminate", "--all", "--yes")
    assert json.loads(vmsim.ok("list", "--output", "json"))["instances"] == []


def test_a_failed_launch_is_removed_by_terminate(cloud: RunningHome, vmsim: Vmsim) -> None:
    cloud.in_lab("mount", "--bind", "/dev/null", "/dev/net/tun")
    try:
        done = vmsim("launch", "broken")
    finally:
        cloud.in_lab("umount", "/dev/net/tun")
    assert done.returncode == 1 and "could not be made" in done.stderr
    assert cloud.instance("broken")["state"] == "LAUNCH_FAILED"
    vmsim.ok("terminate", "broken", "--yes")
    assert vmsim("show", "broken").returncode == 1
