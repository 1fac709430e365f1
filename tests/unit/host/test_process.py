from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host import command, process

WAIT = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that says on its command line that it is the domain ins-a, and runs until its input ends."""
    words = [sys.executable, "-c", WAIT, "-name", "guest=ins-a,x=on"]
    started = command.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()  # only now is its command line sure to be there: Popen returns in the middle of exec
    yield started
    started.kill()
    started.communicate()


def test_the_end_of_a_process_wakes_who_waits(child: subprocess.Popen[bytes]) -> None:
    with process.Process(child.pid) as held:
        assert not held.gone
        assert held.resident_bytes > 0
        threading.Timer(0.1, child.kill).start()
        began = time.monotonic()
        assert held.wait_gone(began + 10)
        assert time.monotonic() - began < 5
        assert held.gone
        assert held.resident_bytes == 0


def test_a_process_that_stays_is_waited_for_until_the_deadline(child: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()

    assert not process.wait_gone(child.pid, began + 0.1)
    assert time.monotonic() - began >= 0.1


def test_a_process_that_is_gone() -> None:
    ended = command.start([sys.executable, "-c", ""])
    ended.wait()

    assert process.wait_gone(ended.pid, time.monotonic())
    assert process.resident_bytes(ended.pid) == 0


def test_a_domains_pid(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    (tmp_path / "ins-a.pid").write_text(f"{child.pid}\n")

    assert process.qemu_pid("ins-a", tmp_path) == child.pid
    held = process.hold("ins-a", tmp_path)
    assert held is not None
    with held:
        assert held.pid == child.pid


def test_a_pid_that_now_means_another_process_is_not_believed(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    (tmp_path / "ins-a.pid").write_text(f"{os.getpid()}\n")
    (tmp_path / "ins-b.pid").write_text(f"{child.pid}\n")
    (tmp_path / "ins-c.pid").write_text("nonsense")

    assert [process.qemu_pid(name, tmp_path) for name in ("ins-a", "ins-b", "ins-c", "ins-d")] == [None] * 4
    assert process.hold("ins-b", tmp_path) is None
