"""`vmsim serve`."""

from __future__ import annotations

import click

from vmsim.cli.session import Sayer, Session, pass_session
from vmsim.lab.lab import Lab


@click.command("serve")
@pass_session
def command(session: Session) -> None:
    """Run the lab in the foreground.

    For a service manager: SIGTERM and Ctrl-C take it down as `vmsim down` does.
    """
    Lab(session.home, session.settings).serve(Sayer())
