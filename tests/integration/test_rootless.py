"""An ordinary user's day, by the command line; root plays it as a user made for it. And accounts that come and go."""

from __future__ import annotations

import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stub_lab import SETTINGS, STUB_DAEMON
from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import images
from vmsim.lab.lab import Lab

from .homes import NANO, until

pytestmark = pytest.mark.guest

AS_ROOT = os.geteuid() == 0
PASSWORD = "Ordinary-User-1"


def vmsim(home: Path, *words: str, stdin: str = "") -> str:
    environment = {"VMSIM_HOME": str(home), "VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg"}
    done = command.run([sys.executable, "-m", "vmsim", *words], stdin=stdin, env=environment, check=False, timeout=180)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


def mine() -> set[int]:
    """This user's processes."""
    seen = psutil.process_iter(["uids"])
    return {process.pid for process in seen if process.info["uids"].real == os.getuid()}


if not AS_ROOT:

    @pytest.fixture
    def place(tmp_path: Path) -> Iterator[Path]:
        images.ensure(images.DEFAULT, print)
        home = tmp_path / "home"
        yield home
        if home.exists():
            vmsim(home, "reset", "--home", "--yes")

    def test_a_day(place: Path) -> None:
        before = mine()
        mounts = Path("/proc/self/mountinfo").read_text()
        vmsim(place, "up")
        vmsim(place, "launch", "web", "--type", NANO)
        port = Lab(Home(place), SETTINGS).status().port
        role = f"http://127.0.0.1:{port}/latest/meta-data/cam/security-credentials/"
        asked = urllib.request.Request(role, headers={"Host": "metadata.tencentyun.com"})
        assert urllib.request.urlopen(asked).read() == b"vmsim"
        first = vmsim(place, "exec", "web", "--", "cat", "/proc/sys/kernel/random/boot_id").strip()
        assert "shut itself down" in vmsim(place, "stop", "web")
        vmsim(place, "set-password", "web", "--password-stdin", stdin=PASSWORD + "\n")
        vmsim(place, "resize-disk", "web", "2")
        vmsim(place, "start", "web")
        assert vmsim(place, "exec", "web", "--", "cat", "/proc/sys/kernel/random/boot_id").strip() != first
        assert vmsim(place, "ssh", "web", "--", "echo", "by", "ssh").strip().endswith("by ssh")
        hashed = vmsim(place, "exec", "web", "--", "grep", "^root:", "/etc/shadow")
        assert hashed.split(":")[1].startswith("$6$")
        vmsim(place, "terminate", "web", "--yes")
        assert not list((place / "instances").iterdir())
        runtime = Home(place).runtime
        assert runtime.exists()
        vmsim(place, "down")
        assert not runtime.exists()
        until(lambda: mine() <= before)
        assert Path("/proc/self/mountinfo").read_text() == mounts
        vmsim(place, "reset", "--home", "--yes")
        assert not place.exists()


if AS_ROOT:

    def test_as_an_ordinary_user(ordinary_user: str, image_cache: Path) -> None:
        user = Path(f"/home/{ordinary_user}")
        here = Path(__file__)
        options = ["-q", "-p", "no:cacheprovider", "--basetemp", str(user / "t")]
        pytest_words = [sys.executable, "-m", "pytest", *options, str(here)]
        variables = [f"HOME={user}", f"VMSIM_CACHE={image_cache}", "PYTHONDONTWRITEBYTECODE=1"]
        unset = ["-u", "XDG_RUNTIME_DIR", "-u", "PYTEST_ADDOPTS", "-u", "PYTEST_XDIST_WORKER"]
        words = ["runuser", "-u", ordinary_user, "--", "env", *unset, *variables, *pytest_words]
        done = command.run(words, cwd=here.parents[2], check=False, timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout

    def test_libvirtd_comes_back_when_an_account_was_made_meanwhile(
        tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        """useradd replaces /etc/passwd; what the lab has put over it must not go with the file that was there."""
        lab = Lab(Home(tmp_path / "home"), SETTINGS, daemon=STUB_DAEMON)
        try:
            lab.up()
            until(lambda: command.run(lab.enter(["virsh", "list"]), check=False).returncode == 0)
            accounts = [Path("/etc/passwd").stat().st_ino, Path("/etc/group").stat().st_ino]
            name = f"vmsimtest{os.getpid()}x"
            command.run(["useradd", name])
            command.run(["userdel", name])
            assert [Path("/etc/passwd").stat().st_ino, Path("/etc/group").stat().st_ino] != accounts
            assert "libvirt-qemu:" in command.run(lab.enter(["cat", "/etc/passwd"])).stdout
            before = until(lambda: lab.pid_of("libvirtd"))
            os.kill(before, signal.SIGKILL)
            until(lambda: lab.pid_of("libvirtd") not in (0, before))
            until(lambda: command.run(lab.enter(["virsh", "list"]), check=False).returncode == 0, limit=10)
        finally:
            lab.down(limit=1.0)
