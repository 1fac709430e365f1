"""`vmsim type`."""

from __future__ import annotations

from dataclasses import asdict

import click

from vmsim.cli import output
from vmsim.model.instance_types import TYPES


@click.group("type")
def command() -> None:
    """List instance types."""


@command.command("list")
@output.output_option
def listing(form: str) -> None:
    """List instance types with their CPU and memory, exactly.

    LAB types exist only here: less than a GiB, for many instances on a small machine.
    """
    if form == "json":
        output.print_json({"types": [asdict(kind) for kind in TYPES.values()]})
    else:
        rows = [(kind.name, kind.cpu, kind.memory_words) for kind in TYPES.values()]
        output.print_table(("TYPE", "CPU", "MEMORY"), rows)
