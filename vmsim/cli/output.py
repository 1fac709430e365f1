"""What goes to standard output: a table for people or JSON for programs, nothing else."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_COLOURS = {
    "RUNNING": "green",
    "STOPPED": "yellow",
    "LAUNCH_FAILED": "red",
    "FAILED": "red",
    "SUCCESS": "green",
}


def output_option(function: F) -> F:
    """`--output table|json`, given to the command as `form`."""
    kinds = click.Choice(["table", "json"])
    option = click.option(
        "-o", "--output", "form", type=kinds, default="table", show_default=True, help="How to print."
    )
    return option(function)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as needed; states in colour where the terminal has any."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    click.echo(_line(heads, widths, lambda text: click.style(text, bold=True)))
    for row in cells:
        click.echo(_line(row, widths, coloured))


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Names and values below each other; empty ones are left out."""
    shown = [(name, str(value)) for name, value in facts if value not in ("", None)]
    width = max((_width(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *more = value.splitlines()
        click.echo(f"{_padded(name, width)}  {coloured(first)}")
        for line in more:
            click.echo(f"{' ' * width}  {line}")


def coloured(text: str) -> str:
    """The text with the colour of the state that it begins with."""
    colour = _COLOURS.get(text.split(" ")[0].rstrip(":"))
    return click.style(text, fg=colour) if colour else text


def local_time(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A time of the API as a person here reads it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone().strftime(form)


def size(count: float) -> str:
    """Bytes in words: "12.3 MiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def memory(mib: int) -> str:
    """ "512 MiB" or "4 GiB", exactly."""
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def _line(cells: Sequence[str], widths: Sequence[int], style: Callable[[str], str]) -> str:
    last = len(cells) - 1
    shown = [style(cell) + ("" if i == last else " " * (widths[i] - _width(cell))) for i, cell in enumerate(cells)]
    return "  ".join(shown)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns on a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
