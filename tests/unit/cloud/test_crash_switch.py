from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from vmsim.cloud import crash_switch


def ends_by(home: Path, *steps: str) -> int:
    """The signal by which a process that reaches these steps ends; 0 when it gets through."""
    pid = os.fork()
    if pid == 0:
        reached = crash_switch.from_environment(home)
        for step in steps:
            reached(step)
        os._exit(0)
    return -os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_an_ordinary_daemon_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(crash_switch.VARIABLE, raising=False)
    (tmp_path / crash_switch.WANTED).write_text("stop.press")
    assert ends_by(tmp_path, "stop.press") == 0
    assert [path.name for path in tmp_path.iterdir()] == [crash_switch.WANTED]


def test_a_step_of_the_environment_kills_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(crash_switch.VARIABLE, "stop.press")
    assert ends_by(tmp_path, "stop.accepted", "stop.press") == signal.SIGKILL
    assert ends_by(tmp_path, "stop.accepted", "stop.press") == 0


def test_steps_are_written_down_and_one_named_in_the_file_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(crash_switch.VARIABLE, crash_switch.BY_FILE)
    (tmp_path / crash_switch.WANTED).write_text("run.edit")
    assert ends_by(tmp_path, "run.disk", "run.edit", "run.start") == signal.SIGKILL
    assert not (tmp_path / crash_switch.WANTED).exists()
    assert ends_by(tmp_path, "run.start") == 0
    assert (tmp_path / crash_switch.REACHED).read_text().split() == ["run.disk", "run.edit", "run.start"]
