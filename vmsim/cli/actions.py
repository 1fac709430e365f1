"""`vmsim actions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.lazy import load, suggestion
from vmsim.cli.options import Word


@click.command("actions")
@click.argument("name", metavar="[SERVICE|ACTION]", type=Word(), default="")
@output.output_option
def command(name: str, form: str) -> None:
    """Show which actions and parameters of the cloud's API are simulated.

    Without a word every published action; with an action's name its parameters. What is refused answers
    UnsupportedOperation and its name. Needs no lab.

    \b
    Examples:
      vmsim actions
      vmsim actions cvm
      vmsim actions RunInstances
    """
    every = list(load("vmsim.api.reference").entries())
    found = [entry for entry in every if name in ("", entry.service, entry.name)]
    if not found:
        known = sorted({entry.service for entry in every} | {entry.name for entry in every})
        raise click.UsageError(f"There is no service and no action {name!r}.{suggestion(name, known)}")
    if form == "json":
        output.print_json({"actions": [asdict(entry) for entry in found]})
    elif name in ("", found[0].service):
        rows = [(entry.service, entry.name, entry.treatment.value) for entry in found]
        output.print_table(("SERVICE", "ACTION", "HERE"), rows)
    else:
        for entry in found:
            _print_parameters(entry)


def _print_parameters(entry: Any) -> None:
    click.echo(f"{entry.service} {entry.name}: {entry.treatment.value}")
    rows = [
        (one.place, one.kind + (", required" if one.required else ""), one.treatment.value, one.words)
        for one in entry.parameters
    ]
    if rows:
        output.print_table(("PARAMETER", "TYPE", "HERE", ""), rows)
