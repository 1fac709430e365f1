from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from vmsim.cli.main import cli
from vmsim.cli.session import Session

from .conftest import Vmsim


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(vmsim: Vmsim, shell: str) -> None:
    assert "_VMSIM_COMPLETE" in vmsim("completion", shell).out


def _offered(*words: str) -> list[str]:
    *before, last = words
    completion = BashComplete(cli, {"obj": Session()}, "vmsim", "_VMSIM_COMPLETE")
    return [item.value for item in completion.get_completions(before, last)]


def test_commands_names_and_types_are_offered(web: str) -> None:
    assert _offered("st") == ["start", "stop", "stats", "status"]
    assert _offered("stop", "we") == ["web-1"]
    assert _offered("stop", "ins-") == [web]
    assert "LAB1.NANO128" in _offered("set-type", "web-1", "LAB1")


def test_without_a_lab_nothing_is_offered_or_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMSIM_HOME", str(tmp_path / "none"))
    assert _offered("stop", "") == []
    assert not (tmp_path / "none").exists()
