"""`vmsim serve`."""

from __future__ import annotations

import click

from vmsim.cli.options import offline_option
from vmsim.cli.session import Sayer, Session, pass_session
from vmsim.lab.lab import Lab


@click.command("serve")
@offline_option
@pass_session
def command(session: Session, offline: bool) -> None:
    """Run the lab in the foreground.

    For a service manager: SIGTERM and Ctrl-C take it down as `vmsim down` does.
    """
    if offline:
        session.go_offline()
    Lab(session.home, session.settings).serve(Sayer())
