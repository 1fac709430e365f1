"""`vmsim list`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.options import of_region_option
from vmsim.cli.session import Session, pass_session, say


@click.command("list")
@of_region_option
@output.output_option
@pass_session
def command(session: Session, region: str | None, form: str) -> None:
    """List instances.

    Of every region, unless one is named.

    \b
    Examples:
      vmsim list
      vmsim list --output json
    """
    found = session.client.get("/v1/instances", region=region)["instances"]
    if form == "json":
        output.print_json({"instances": found})
    elif not found:
        say(f"There is no instance{f' in {region}' if region else ''}. `vmsim launch` makes one.")
    else:
        heads = ("ID", "NAME", "STATE", "TYPE", "CPU", "MEMORY", "PRIVATE", "PUBLIC", "ZONE")
        output.print_table(heads, [_row(item) for item in found])


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    memory = output.memory(item["memory_mib"])
    address = item["private_ip"], item["public_ip"] or "-"
    return (item["id"], item["name"], state(item), item["type_name"], item["cpu"], memory, *address, item["zone"])


def state(item: dict[str, Any]) -> str:
    """The state, and in brackets what it does not tell: paused, or on which rung a boot stands."""
    if item["paused"]:
        return f"{item['state']} (paused: {item['paused']})"
    if item["state"] == "RUNNING" and item["rung"] != "LOGIN":
        return f"{item['state']} ({item['rung_words']})"
    return str(item["state"])
