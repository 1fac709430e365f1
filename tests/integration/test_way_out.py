"""A lab's way out, in a network that has one server and leads nowhere: nothing leaves the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stub_lab import Inside
from vmsim.host import command
from vmsim.lab import images, namespaces, way_out

pytestmark = pytest.mark.tools

PLAY = Path(__file__).parent / "outer" / "play.py"
TREE = PLAY.parents[3]


PRESENT = [program.name for program in way_out.PROGRAMS if command.find(program.name)]
"""scripts/setup installs all that the distribution has."""
_HIDDEN = 'mount --bind /dev/null "$(readlink -f "$(command -v "$1")")" && shift && exec "$@"'
"""Whoever looks for a program that may not be executed does not find it."""


def played(kind: str, home: Path, *somebody: str, program: str = PRESENT[0]) -> dict[str, str]:
    """In a network namespace whose root this process may be, and where those before `program` are not installed."""
    hidden = [word for name in PRESENT[: PRESENT.index(program)] for word in ("sh", "-c", _HIDDEN, "sh", name)]
    environment = ["env", f"PYTHONPATH={TREE}", "PYTHONDONTWRITEBYTECODE=1"]
    words = [*hidden, *environment, "unshare", "--net", sys.executable, str(PLAY), kind, str(home), *somebody]
    done: subprocess.CompletedProcess[bytes] = namespaces.run_mapped(words, timeout=400)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, str] = json.loads(done.stdout)
    return found


def is_right(seen: dict[str, str], program: str) -> None:
    assert seen == {
        "server": "204",
        "program": program,
        "name": "204",
        "reserved": "",
        "loopback": "",
        "refused": "",
        "left": "",
        "offline": "",
        "offline program": way_out.OFFLINE,
    }


def test_what_is_used_where_there_is_no_pasta_is_installed() -> None:
    assert "slirp4netns" in PRESENT


@pytest.mark.parametrize("program", PRESENT)
def test_the_internet_is_reached_and_offline_it_is_not(tmp_path: Path, program: str) -> None:
    is_right(played("lab", tmp_path / "home", program=program), program)


@pytest.mark.guest
def test_a_guest_gets_out_only_with_a_public_address(tmp_path: Path) -> None:
    images.ensure(images.DEFAULT, print)
    seen = played("guests", tmp_path / "home")
    assert seen == {"public": "HTTP/1.0 204 No Content", "private": "", "name": "1"}


def test_a_lab_of_a_test_has_no_way_out(inside: Inside) -> None:
    assert inside("ip", "route", "show", "default").stdout == ""
    assert way_out.DEVICE not in inside("ip", "-o", "link").stdout
    assert inside("cat", "/etc/resolv.conf").stdout == ""


if os.geteuid() == 0:  # an ordinary user already is one

    @pytest.mark.parametrize("program", PRESENT)
    def test_as_an_ordinary_user(ordinary_user: str, program: str) -> None:
        folder = Path(f"/home/{ordinary_user}")
        variables = [f"HOME={folder}", f"VMSIM_CACHE={folder}/cache"]
        somebody = ["runuser", "-u", ordinary_user, "--", "env", "-u", "XDG_RUNTIME_DIR", *variables]
        is_right(played("lab", folder / program, *somebody, program=program), program)
