"""`vmsim rename`."""

from __future__ import annotations

import click

from vmsim.cli import names, output
from vmsim.cli.options import NewName
from vmsim.cli.session import Session, pass_session


@click.command("rename")
@names.name_argument
@click.argument("new_name", metavar="NEW-NAME", type=NewName())
@output.output_option
@pass_session
def command(session: Session, name: str, new_name: str, form: str) -> None:
    """Rename an instance.

    The guest's host name stays.

    \b
    Example:
      vmsim rename web-1 front-1
    """
    found = names.one(session.client, name)
    renamed = session.client.patch(names.path(found["id"]), {"name": new_name})
    if form == "json":
        output.print_json(renamed)
    else:
        click.echo(f"{found['name']} ({found['id']}) is now {renamed['instance']['name']}.")
