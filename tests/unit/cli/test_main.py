from __future__ import annotations

import click
import pytest

from vmsim import __version__
from vmsim.cli.lazy import load
from vmsim.cli.main import ROWS, cli

from .conftest import Vmsim


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_table_says_what_the_command_says(row: object) -> None:
    command = getattr(load(row.module), row.attribute)  # type: ignore[attr-defined]
    assert command.name == row.name  # type: ignore[attr-defined]
    if not row.hidden:  # type: ignore[attr-defined]
        assert command.help.splitlines()[0] == row.summary  # type: ignore[attr-defined]


def test_every_command_has_help_for_its_options() -> None:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert all(option.help for option in options), name


def test_help_is_in_sections(vmsim: Vmsim) -> None:
    ran = vmsim("--help")
    assert ran.code == 0
    assert "Edits of a stopped instance:" in ran.out and "connect-fd" not in ran.out


def test_version(vmsim: Vmsim) -> None:
    assert vmsim("--version").out == f"vmsim {__version__}\n"


def test_an_unknown_command_suggests_a_near_one(vmsim: Vmsim) -> None:
    ran = vmsim("lauch")
    assert ran.code == 2 and "Did you mean launch?" in ran.err


@pytest.mark.parametrize("words", [("stop",), ("stop", "a", "--all"), ("launch", "--count", "0"), ("list", "--outptu")])
def test_wrong_use_is_2(vmsim: Vmsim, words: tuple[str, ...]) -> None:
    ran = vmsim(*words)
    assert ran.code == 2 and ran.out == ""
