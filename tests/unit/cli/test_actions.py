from __future__ import annotations

import pytest

from vmsim.cli import main


def test_every_action_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["actions", "cvm"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["cvm", "StopInstances", "simulated"] in lines
    assert ["cvm", "AllocateHosts", "refused"] in lines


def test_an_actions_parameters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["actions", "TerminateInstances"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "cvm TerminateInstances: simulated"
    assert any(line.split()[:5] == ["InstanceIds", "list", "of", "string,", "required"] for line in lines)
    assert any("ReleaseAddress" in line and "without effect" in line for line in lines)


def test_a_wrong_word_is_answered_with_a_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["actions", "StopInstance"]) == 2
    assert "Did you mean StopInstances" in capsys.readouterr().err
