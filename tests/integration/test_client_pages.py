"""What the clients' pages show, as a reader pastes it: docs/clients/tccli.md, python.md and node.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vmsim import config
from vmsim.host import command

from .homes import RunningHome
from .lives import endpoint, wait

pytestmark = pytest.mark.guest

PAGES = Path(__file__).parents[2] / "docs" / "clients"
Shell = Callable[..., str]


@pytest.fixture
def shell(cloud: RunningHome, tmp_path: Path) -> Shell:
    """A shell of a user whose own folder is empty, at the started home; `more` is on its PATH, too."""
    own = {"VMSIM_HOME": str(cloud.home.root), "VMSIM_CACHE": str(config.cache()), "HOME": str(tmp_path)}

    def run(lines: str, more: Path | None = None, **variables: str) -> str:
        script = f'set -e; PATH="{Path(sys.executable).parent}:$PATH:{more or ""}"\n{lines}'
        return command.run(["bash", "-c", script], env={**own, **variables}, timeout=300, cwd=tmp_path).stdout

    return run


def blocks(page: str) -> list[str]:
    """The page's code, block by block."""
    found = [""]
    for line in (PAGES / page).read_text().splitlines():
        if line.startswith("    "):
            found[-1] += line[4:] + "\n"
        elif line.strip() and found[-1]:
            found.append("")
        elif found[-1]:
            found[-1] += "\n"
    return [block.strip() for block in found if block.strip()]


def test_tccli(shell: Shell, cloud: RunningHome, tccli_program: Path) -> None:
    install, once, whole, instance = blocks("tccli.md")
    assert install == "pip install tccli"
    assert json.loads(shell(once, tccli_program.parent))["TotalCount"] > 0
    said = shell(f'{whole}\n{instance}\necho "$id"', tccli_program.parent)
    assert said.count('"ZoneSet"') == 2
    wait(cloud.api, said.split()[-1], InstanceState="STOPPED", LatestOperation="StopInstances")
    cloud.api("TerminateInstances", InstanceIds=[said.split()[-1]])


@pytest.mark.parametrize(("page", "file"), [("python.md", "program.py"), ("node.md", "program.js")])
def test_a_program(shell: Shell, cloud: RunningHome, node_modules: Path, tmp_path: Path, page: str, file: str) -> None:
    """With the endpoint in it, and as it is: without the line that names one."""
    _install, as_it_is, program = blocks(page)
    assert file in as_it_is and program.count("127.0.0.1:8321") == 1
    (tmp_path / file).write_text(program.replace("127.0.0.1:8321", endpoint(cloud)))
    interpreter = as_it_is.split()[-2]
    told = shell(f'eval "$(vmsim env --no-proxy)"\n{interpreter} {file}', NODE_PATH=str(node_modules))
    assert "TotalCount" in json.loads(told)
    unchanged = program.replace(", ClientProfile(httpProfile=http)", "").replace(" profile: { httpProfile },", "")
    assert unchanged != program
    (tmp_path / file).write_text(unchanged)
    assert "TotalCount" in json.loads(shell(as_it_is, NODE_PATH=str(node_modules)))
