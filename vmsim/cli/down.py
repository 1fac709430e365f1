"""`vmsim down`."""

from __future__ import annotations

import click

from vmsim.cli.options import Seconds
from vmsim.cli.session import Sayer, Session, pass_session, say
from vmsim.lab.lab import Lab
from vmsim.model.errors import VmsimError


@click.command("down")
@click.option("--limit", type=Seconds(), metavar="SECONDS", help="How long guests may take altogether.")
@pass_session
def command(session: Session, limit: float | None) -> None:
    """Shut every guest down and end the lab.

    A guest that does not go by itself within the limit is unplugged. Nothing is left running.
    """
    lab = Lab(session.home, session.settings)
    if lab.status().running:
        take_down(session, lab, limit)
        click.echo("The lab is down.")
    else:
        lab.down()
        click.echo("The lab is not running.")


def take_down(session: Session, lab: Lab, limit: float | None) -> None:
    """First the guests, with the daemon's own words; then everything else."""
    patience = session.settings.down_limit if limit is None else limit
    sayer = Sayer()
    try:
        for line in session.idle_client.post_stream("/v1/shutdown", {"limit": patience}):
            sayer(line["text"])
    except VmsimError as error:
        # The lab must come down also when its daemon is ill. PID 1 asks it, or its successor, once more, and pulls the
        # plug after the limit.
        say(f"The daemon did not end shutting the guests down: {error.message}")
    lab.down(sayer, limit)
