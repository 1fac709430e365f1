"""`vmsim events`."""

from __future__ import annotations

import json
from typing import Any

import click

from vmsim.cli import names, output
from vmsim.cli.options import Word
from vmsim.cli.session import Session, pass_session
from vmsim.model.errors import NotFound
from vmsim.model.ids import is_id


@click.command("events")
@click.argument("name", metavar="[NAME]", type=Word(), default="", shell_complete=names.complete)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens next.")
@click.option("--since", type=int, default=0, metavar="NUMBER", help="Only what came after this event.")
@output.output_option
@pass_session
def command(session: Session, name: str, follow: bool, since: int, form: str) -> None:
    """Show what happened, from request to libvirt event.

    With times; of one instance or of all. JSON has one object a line.

    \b
    Examples:
      vmsim events web-1 --follow
      vmsim events --since 120 --output json
    """
    client = session.client
    known = {item["id"]: item["name"] for item in client.get("/v1/instances")["instances"]}
    instance = _id(session, name)
    for event in client.events(since, instance, follow=follow):
        if form == "json":
            click.echo(json.dumps(event, ensure_ascii=False))
        else:
            click.echo(_line(event, known))


def _id(session: Session, name: str) -> str | None:
    """A terminated instance has no name any more, but its id still finds its events."""
    if not name:
        return None
    try:
        return str(names.one(session.client, name)["id"])
    except NotFound:
        if is_id("ins", name):
            return name
        raise


def _line(event: dict[str, Any], known: dict[str, str]) -> str:
    ident = event["instance_id"]
    about = f"{known[ident]} ({ident})" if ident in known else ident or "-"
    when = output.local_time(event["at"], "%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{event['sequence']:>6}  {when}  {about}  {event['kind']}: {event['text']}"
