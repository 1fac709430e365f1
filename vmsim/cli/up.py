"""`vmsim up`, and starting the lab for any command that needs it."""

from __future__ import annotations

from collections.abc import Callable

import click

from vmsim.cli.options import offline_option
from vmsim.cli.output import output_option, print_json
from vmsim.cli.session import Sayer, Session, pass_session
from vmsim.lab.lab import Lab, LabStatus


@click.command("up")
@offline_option
@output_option
@pass_session
def command(session: Session, offline: bool, form: str) -> None:
    """Start the lab.

    Any command that needs it does so too. Harmless when it runs already.
    """
    if offline:
        session.go_offline()
    status = start(session, Sayer())
    if form == "json":
        print_json({"running": status.running, "pid": status.pid, "port": status.port, "url": url(status)})
    else:
        click.echo(f"The lab is up: {url(status)} (home {session.home.root})")


def start(session: Session, progress: Callable[[str], None]) -> LabStatus:
    return Lab(session.home, session.settings).up(progress)


def start_broker(session: Session) -> None:
    """Somebody killed it."""
    Lab(session.home, session.settings).ensure_broker()


def url(status: LabStatus) -> str:
    return f"http://127.0.0.1:{status.port}"
