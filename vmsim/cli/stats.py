"""`vmsim stats`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import names, output
from vmsim.cli.errors import one_line
from vmsim.cli.session import Session, pass_session, say
from vmsim.cli.verbs import exit_code
from vmsim.model.errors import VmsimError


@click.command("stats")
@names.optional_names_argument
@output.output_option
@pass_session
def command(session: Session, given: tuple[str, ...], form: str) -> None:
    """Show what instances use.

    CPU time, memory and traffic since their start; all running ones unless some are named.
    """
    client = session.client
    found: list[dict[str, Any]] = []
    failed: list[VmsimError] = []
    for name in given or _running(session):
        try:
            found.append(client.get(names.path(name, "stats")))
        except VmsimError as error:
            failed.append(error)
            say(f"{name}: {one_line(error)}")
    if form == "json":
        output.print_json({"stats": found})
    elif found:
        heads = ("NAME", "ID", "CPU TIME", "MEMORY", "RESIDENT", "READ", "WRITTEN", "RECEIVED", "SENT")
        output.print_table(heads, [_row(item) for item in found])
    elif not failed:
        say("No instance is running.")
    succeeded: list[VmsimError | None] = [None] * len(found)
    raise click.exceptions.Exit(exit_code([*succeeded, *failed]))


def _running(session: Session) -> list[str]:
    return [item["id"] for item in session.client.get("/v1/instances")["instances"] if item["state"] == "RUNNING"]


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    sizes = ("memory", "resident", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")
    return (
        item["name"],
        item["instance_id"],
        f"{item['cpu_seconds']:.1f} s",
        *(output.size(item[key]) for key in sizes),
    )
