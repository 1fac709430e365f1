"""`vmsim enter`: the lab's network with one's own files and programs. As root, and as an ordinary user."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host import command

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("enter") / "home"
    yield made
    vmsim(made, "reset", "--home", "--yes")


def vmsim(home: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"VMSIM_HOME": str(home), "VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg", "SHELL": "/bin/sh"}
    argv = [sys.executable, "-m", "vmsim", *words]
    return command.run(argv, env=environment, stdin=stdin, check=False, timeout=240)


def network(link: str) -> str:
    return str(Path(f"/proc/self/ns/{link}").readlink())


def test_the_network_is_the_labs_and_the_files_are_ones_own(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("of outside")
    script = f"readlink /proc/self/ns/net /proc/self/ns/pid; cat {tmp_path / 'mine'}; id -u; exit 7"
    ran = vmsim(home, "enter", "--", "sh", "-c", script)
    assert ran.returncode == 7, ran.stderr
    net, pid, text = ran.stdout.splitlines()
    assert net != network("net") and pid == network("pid") and text == "of outside0"


def test_the_lab_has_no_way_out(home: Path) -> None:
    """As every lab of a test: no device, no route."""
    assert vmsim(home, "enter", "--", "ip", "-4", "route", "show", "default").stdout == ""
    assert "internet0" not in vmsim(home, "enter", "--", "ip", "link").stdout
    assert vmsim(home, "enter", "--", "cat", "/etc/resolv.conf").stdout == ""
    assert "off, as asked for" in vmsim(home, "status").stdout


def test_guests_have_names_and_answer(home: Path) -> None:
    made = vmsim(home, "launch", "web", "--type", "LAB1.NANO128")
    assert made.returncode == 0, made.stderr
    ask = "exec 3<>/dev/tcp/web/22 && head -c 7 <&3"
    assert vmsim(home, "enter", "--", "timeout", "20", "bash", "-c", ask).stdout == "SSH-2.0"
    assert vmsim(home, "enter", stdin=f"bash -c '{ask.replace('web', made.stdout.split()[0])}'\n").stdout == "SSH-2.0"


def test_a_command_that_is_not_there(home: Path) -> None:
    missing = vmsim(home, "enter", "--", "no-such-program")
    assert missing.returncode == 127 and "no-such-program cannot be run" in missing.stderr
    empty = vmsim(home, "enter", "--", "")
    assert empty.returncode == 127 and "is empty" in empty.stderr


def test_vmsim_itself_works_inside(home: Path) -> None:
    ran = vmsim(home, "enter", "--", sys.executable, "-m", "vmsim", "status")
    assert ran.returncode == 0 and "running since" in ran.stdout, ran.stderr


def test_the_machines_own_files_stay(home: Path) -> None:
    before = Path("/etc/hosts").read_text()
    assert before.strip() in vmsim(home, "enter", "--", "cat", "/etc/hosts").stdout
    assert Path("/etc/hosts").read_text() == before


if os.geteuid() == 0:  # an ordinary user already is one

    def test_all_of_this_as_an_ordinary_user(ordinary_user: str, image_cache: Path) -> None:
        here = Path(__file__)
        options = ["-q", "-p", "no:cacheprovider", "--basetemp", f"/home/{ordinary_user}/t"]
        words = [sys.executable, "-m", "pytest", *options, str(here)]
        variables = [f"HOME=/home/{ordinary_user}", f"VMSIM_CACHE={image_cache}", "PYTHONDONTWRITEBYTECODE=1"]
        unset = ["-u", "XDG_RUNTIME_DIR", "-u", "PYTEST_ADDOPTS", "-u", "PYTEST_XDIST_WORKER"]
        argv = ["runuser", "-u", ordinary_user, "--", "env", *unset, *variables, *words]
        done = command.run(argv, cwd=here.parents[2], check=False, timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        assert " passed" in done.stdout and "failed" not in done.stdout
