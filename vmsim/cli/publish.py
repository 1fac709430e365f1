"""`vmsim publish` and `vmsim unpublish`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import names, output
from vmsim.cli.options import Port
from vmsim.cli.session import Session, pass_session, say
from vmsim.model.publication import is_loopback, place, shown

_port = click.argument("port", metavar="[PORT]", type=Port(), required=False)
_name = click.argument("name", metavar="[NAME]", required=False, shell_complete=names.complete)
_on = click.option("--on", metavar="ADDRESS:PORT", help="Where on this workstation; the loopback where only a port is.")


@click.command("publish")
@_name
@_port
@_on
@click.option("--list", "listed", is_flag=True, help="Show the published ports, of NAME or of all.")
@output.output_option
@pass_session
def command(session: Session, name: str | None, port: int | None, on: str | None, listed: bool, form: str) -> None:
    """Let programs of this workstation reach a port of an instance.

    A browser, for instance. By default on 127.0.0.1 and the same port, or on a free one where that is taken or below
    1024. It stays until `vmsim unpublish` or the instance's end, over restarts of the guest and of the lab. Security
    groups are not asked.

    \b
    Examples:
      vmsim publish web-1 80
      vmsim publish web-1 80 --on 127.0.0.1:8080
      vmsim publish --list
    """
    if listed:
        _list(session, name, form)
        return
    if name is None or port is None:
        raise click.UsageError("Give the name of an instance and a port, or --list.")
    if on is not None and not is_loopback(place(on)[0]):
        say(f"Warning: whoever reaches {place(on)[0]} of this workstation reaches the guest.")
    found = names.one(session.client, name)
    made = session.client.post("/v1/publications", {"instance": found["id"], "port": port, "on": on})["publication"]
    if form == "json":
        output.print_json({"publication": made})
    else:
        click.echo(f"{shown(made['address'], made['local_port'])} leads to port {port} of {names.label(found)}.")
    if made["error"]:
        say(f"Error: {made['error']}")
        raise click.exceptions.Exit(1)


@click.command("unpublish")
@_name
@_port
@_on
@output.output_option
@pass_session
def unpublish(session: Session, name: str | None, port: int | None, on: str | None, form: str) -> None:
    """End what `vmsim publish` began.

    For one port of an instance, for all of them, or for what stands at a place. Connections are cut.

    \b
    Examples:
      vmsim unpublish web-1
      vmsim unpublish web-1 80
      vmsim unpublish --on 127.0.0.1:8080
    """
    if name is None and on is None:
        raise click.UsageError("Give the name of an instance, or --on.")
    instance = names.one(session.client, name)["id"] if name else None
    gone = session.client.delete("/v1/publications", instance=instance, port=port, on=on)["publications"]
    if form == "json":
        output.print_json({"publications": gone})
        return
    for each in gone:
        place_, target = shown(each["address"], each["local_port"]), f"port {each['port']} of {each['instance_id']}"
        click.echo(f"{place_} leads to {target} no longer.")


def _list(session: Session, name: str | None, form: str) -> None:
    instance = names.one(session.client, name)["id"] if name else None
    found = session.client.get("/v1/publications", instance=instance)["publications"]
    known = {item["id"]: item["name"] for item in session.client.get("/v1/instances")["instances"]}
    for each in found:
        each["instance_name"] = known.get(each["instance_id"], "")
    if form == "json":
        output.print_json({"publications": found})
    elif not found:
        say("No port is published. `vmsim publish NAME PORT` does it.")
    else:
        output.print_table(("HERE", "INSTANCE", "NAME", "PORT", "OPEN"), [_row(each) for each in found])


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    here, name = shown(each["address"], each["local_port"]), each["instance_name"] or "-"
    return (here, each["instance_id"], name, each["port"], f"no: {each['error']}" if each["error"] else "yes")
