"""The documents are true: tables are the code's, commands and files that they name are there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from vmsim.cli.main import ROWS, cli
from vmsim.host import command
from vmsim.model.lifecycle import ACTIONS, OPERATIONS, VARIANTS, Verb
from vmsim.model.resource import ResourceKind

from .sources import ROOT, files, name

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *files("docs", "*.md")]
README = (ROOT / "README.md").read_text()


def test_made_blocks_are_up_to_date() -> None:
    done = command.run([sys.executable, ROOT / "scripts" / "make_docs.py", "--check"], check=False)
    assert done.returncode == 0, done.stdout + done.stderr + "Run .venv/bin/python scripts/make_docs.py"


@pytest.mark.parametrize("verb", ACTIONS)
def test_the_state_table_has_every_operation(verb: Verb) -> None:
    row = OPERATIONS[verb]
    name = f"`{ACTIONS[verb]}`" + (f" ({VARIANTS[verb]})" if verb in VARIANTS else "")
    line = next(line for line in README.splitlines() if line.startswith(f"| {name} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert set(re.findall(r"[A-Z_]{5,}", cells[1])) == {state.value for state in row.allowed}
    assert set(re.findall(r"[A-Z_]{5,}", cells[2])) == {state.value for state in row.allowed_with_force}
    shown = [row.meanwhile, row.success, row.failure]
    assert [cell if cell.isupper() else None for cell in cells[3:]] == [state and state.value for state in shown]


def test_every_kind_that_carries_tags_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \| `(\w+)-…`", (ROOT / "docs" / "neighbours.md").read_text(), re.MULTILINE)
    assert told == [(kind.value, kind.id_prefix) for kind in ResourceKind]


def commands(path: Path) -> Iterator[list[str]]:
    """What follows `vmsim` in code, as words."""
    for found in re.findall(r"(?<![\w./-])vmsim((?: +[\w:./~-]+)+)", "\n".join(_code(path.read_text()))):
        yield found.split()


def _code(text: str) -> list[str]:
    blocks = [line for line in text.splitlines() if line.startswith("    ")]
    return [*blocks, *re.findall(r"`([^`\n]+)`", text)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_command_named_is_there_with_its_options(path: Path) -> None:
    known = {row.name for row in ROWS} | {"COMMAND"}
    for words in commands(path):
        assert words[0] in known or words[0].startswith("-"), f"vmsim {' '.join(words)}"
        if words[0] in known - {"COMMAND"}:
            mine = words[: words.index("--")] if "--" in words else words
            assert options_of(words) >= {word for word in mine if word.startswith("--")}, f"vmsim {' '.join(words)}"


def options_of(words: list[str]) -> set[str]:
    found = cli.get_command(click.Context(cli), words[0])
    if isinstance(found, click.Group) and len(words) > 1:
        found = found.commands[words[1]]
    assert found is not None
    return {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_file_named_is_there(path: Path) -> None:
    text = path.read_text()
    links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)]
    assert [link for link in links if link and not (path.parent / link).exists()] == []
    code = " ".join(_code(text))
    ours = re.findall(
        r"(?<![\w./~-])((?:scripts|vmsim|tests|docs|contrib|images|cloud|model|api|cli|host)/[\w./-]*\w)", code
    )
    assert [file for file in ours if not (ROOT / file).exists() and not (ROOT / "vmsim" / file).exists()] == []


def test_the_map_has_every_folder() -> None:
    mapped = set(re.findall(r"^\| `([\w/]+)` \|", README.partition("## The tree")[2], re.MULTILINE))
    listed = command.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT).stdout.splitlines()
    top = {file.split("/")[0] for file in listed if "/" in file and not file.startswith(".")} - {"vmsim"}
    layers = {"/".join(file.split("/")[:2]) for file in listed if file.startswith("vmsim/") and file.count("/") > 1}
    assert mapped == top | layers


def test_the_two_commands_come_first() -> None:
    blocks = re.findall(r"^    (scripts/\S+)", README, re.MULTILINE)
    assert blocks[:2] == ["scripts/demo", "scripts/test"]


def test_every_command_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "docs" / "cli.md").read_text()
    assert [row.name for row in ROWS if not row.hidden and f"| `vmsim {row.name}` |" not in reference] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_nothing_is_promised(path: Path) -> None:
    assert not re.search(r"\b(will be|coming soon|TODO|TBD|planned)\b", path.read_text())
