from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.lab.children import FIRST_PAUSE, LONGEST_PAUSE, Child, Reserved
from vmsim.lab.logs import BoundedLog


def reap(child: Child) -> None:
    assert child.pid is not None
    child.has_ended(os.waitpid(child.pid, 0)[1])


@pytest.fixture
def log(tmp_path: Path) -> Iterator[BoundedLog]:
    yield BoundedLog(tmp_path / "log", 1000)


def test_a_child_that_dies_is_due_again_with_growing_pauses(log: BoundedLog) -> None:
    child = Child("false", ["false"], {}, [], log)
    pauses = []
    for _ in range(7):
        child.start()
        reap(child)
        assert child.due is not None
        pauses.append(round(child.due - time.monotonic(), 1))
    assert pauses == sorted(pauses)
    assert FIRST_PAUSE < pauses[0] < pauses[-1] == LONGEST_PAUSE
    assert (child.pid, child.restarts, child.ended) == (None, 6, "exit code 1")


def test_one_that_was_told_to_end_is_not_due_again(log: BoundedLog) -> None:
    child = Child("sleep", ["sleep", "60"], {}, [], log)
    child.start()
    child.tell(signal.SIGTERM)
    reap(child)
    assert child.due is None
    assert child.ended == "signal 15"


def test_what_it_says_is_in_the_log(log: BoundedLog, tmp_path: Path) -> None:
    child = Child("echo", ["sh", "-c", "echo out; echo err >&2"], {}, [], log)
    child.drain()
    child.start()
    reap(child)
    child.drain()
    assert (tmp_path / "log").read_text() == "out\nerr\n"


def test_the_reserve_takes_over(log: BoundedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("import signal, sys\ndef main():\n    sys.stdout.write(sys.argv[1])\n    signal.pause()\n")
    child = Reserved("program", [str(program), "argument"], {}, [], log)
    monkeypatch.setattr("vmsim.lab.children.RESERVE_AFTER", 0.0)
    child.start()
    child.reserve()
    (reserve,) = [pid for pid in children_of(os.getpid()) if pid != child.pid]
    child.tell(signal.SIGKILL)
    reap(child)
    child.start()
    assert child.pid == reserve
    child.told = True
    child.reserve()
    assert children_of(os.getpid()) == [reserve]
    child.tell(signal.SIGKILL)
    reap(child)


def test_a_lost_reserve_is_replaced(log: BoundedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("import signal\ndef main():\n    signal.pause()\n")
    child = Reserved("program", [str(program)], {}, [], log)
    monkeypatch.setattr("vmsim.lab.children.RESERVE_AFTER", 0.0)
    child.start()
    child.reserve()
    (reserve,) = [pid for pid in children_of(os.getpid()) if pid != child.pid]
    os.kill(reserve, signal.SIGKILL)
    os.waitpid(reserve, 0)
    assert not child.lost_reserve(1)
    assert child.lost_reserve(reserve)
    child.reserve()
    (second,) = [pid for pid in children_of(os.getpid()) if pid != child.pid]
    os.kill(second, signal.SIGKILL)
    os.waitpid(second, 0)
    assert child.lost_reserve(second)
    child.tell(signal.SIGKILL)
    reap(child)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_one_told_to_end_but_killed_first_can_be_asked_again(log: BoundedLog) -> None:
    child = Child("sleep", ["sleep", "60"], {}, [], log)
    child.start()
    child.tell(signal.SIGKILL)
    reap(child)
    assert child.killed and child.due is None
    child.again()
    assert child.due is not None and not child.told


def test_a_reserved_program_hears_of_its_end_when_it_can(log: BoundedLog, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import signal, sys\n"
        "def main():\n"
        "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})\n"
        "    signal.pause()\n"
    )
    child = Reserved("program", [str(program)], {}, [], log)
    child.start()
    child.tell(signal.SIGTERM)  # its interpreter has hardly begun
    reap(child)
    assert child.ended == "exit code 3"
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
