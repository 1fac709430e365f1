"""Fixtures shared by all tests: a started lab in a home of its own, and ways into it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stub_lab import SETTINGS, STUB_DAEMON, Inside
from vmsim.config import Home
from vmsim.host import command
from vmsim.lab.lab import Lab

# No test lets anything out; what is started with settings of its own says so itself (stub_lab.SETTINGS, homes.py).
os.environ["VMSIM_OFFLINE"] = "yes"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with libvirtd and a stub in the daemon's place; up in 0.2 s, taken down whatever happens."""
    made = Lab(Home(tmp_path_factory.mktemp("home")), SETTINGS, daemon=STUB_DAEMON)
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def inside(lab: Lab) -> Inside:
    """Run a program inside the lab: `inside("ip", "link")`; raises when it fails unless check=False."""

    def run(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
        return command.run(lab.enter(argv), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="module")
def libvirt_uri(lab: Lab) -> str:
    """The lab's libvirt, reached from outside through PID 1's root folder."""
    return f"qemu+unix:///system?socket=/proc/{lab.status().pid}/root/run/libvirt/libvirt-sock"


@pytest.fixture(scope="module")
def ordinary_user() -> Iterator[str]:
    """An ordinary user with subordinate ids, made for the test and removed after it. Tests that run as root only."""
    name = f"vmsimtest{os.getpid()}"
    command.run(["useradd", "--create-home", "--shell", "/bin/bash", name])
    try:
        for file, option in (("/etc/subuid", "--add-subuids"), ("/etc/subgid", "--add-subgids")):
            if f"{name}:" not in Path(file).read_text():
                command.run(["usermod", option, "1000000000-1000065535", name])
        yield name
    finally:
        command.run(["userdel", "--remove", name], check=False)
