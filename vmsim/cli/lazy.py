"""Commands that are imported when they are called: `vmsim list` must not pay for paramiko.

The one place that imports by name. The table holds what `vmsim --help` shows, so help needs none of the modules either;
a test compares its sentences with the commands' own.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True)
class Row:
    """A command: where it is, and its line in the help."""

    name: str
    section: str
    summary: str
    module: str
    attribute: str = "command"
    hidden: bool = False


def load(module: str) -> Any:
    """A module of ours, imported now."""
    return importlib.import_module(module)


def suggestion(word: str, known: Sequence[str]) -> str:
    """ "Did you mean stop?", or nothing."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""


class LazyGroup(click.Group):
    """A group over a table of rows; sections of the help come in the table's order."""

    def __init__(self, *args: Any, rows: Sequence[Row] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {row.name: row for row in rows}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, row in self.rows.items() if not row.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = self.rows.get(cmd_name)
        if row is None:
            return None
        command: click.Command = getattr(load(row.module), row.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.rows and not args[0].startswith("-"):
            near = suggestion(args[0], self.list_commands(ctx))
            raise click.UsageError(f"There is no command {args[0]!r}.{near}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        shown = [row for row in self.rows.values() if not row.hidden]
        width = max(len(row.name) for row in shown)
        for section in dict.fromkeys(row.section for row in shown):
            with formatter.section(section):
                lines = [(row.name.ljust(width), row.summary) for row in shown if row.section == section]
                formatter.write_dl(lines)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Names from the table; Click's own would import every command."""
        items = load("click.shell_completion")
        return [
            items.CompletionItem(row.name, help=row.summary)
            for row in self.rows.values()
            if row.name.startswith(incomplete) and not row.hidden
        ]
