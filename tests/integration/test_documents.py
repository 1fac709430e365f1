"""The README's first instance, command by command, as a reader types them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmsim.host import command

pytestmark = pytest.mark.guest

ROOT = Path(__file__).parents[2]
Shell = Callable[[str], str]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in which the environment is active, with a home of its own; down at the end, whatever happened."""
    own = {"VMSIM_HOME": str(tmp_path / "home"), "VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg"}

    def run(line: str) -> str:
        script = f'PATH="{Path(sys.executable).parent}:$PATH"; {line}'
        return command.run(["bash", "-c", script], env=own, timeout=300, cwd=tmp_path).stdout

    try:
        yield run
    finally:
        run("vmsim down --limit 5")


def first_instance() -> list[str]:
    """The block's commands after the set-up's."""
    section = (ROOT / "README.md").read_text().partition("## A first instance")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    assert lines[:2] == ["scripts/setup", ". .venv/bin/activate"]
    return lines[2:]


def test_a_first_instance_in_five_commands(shell: Shell) -> None:
    commands = first_instance()
    assert len(commands) == 5
    said = {line: shell(line) for line in commands}
    assert "Linux" in said["vmsim ssh web -- uname -a"]
    web = json.loads(shell("vmsim show web -o json"))["instance"]
    assert (web["state"], web["type_name"]) == ("RUNNING", "LAB2.NANO256")
    assert shell("vmsim exec web -- nproc").strip() == "2"
    exports = shell('eval "$(vmsim env)"; echo "$VMSIM_URL $TENCENTCLOUD_REGION"').split()
    assert exports[0].startswith("http://127.0.0.1:") and exports[1] == "ap-guangzhou"
    shell("vmsim terminate web --yes")
    assert json.loads(shell("vmsim list -o json"))["instances"] == []
