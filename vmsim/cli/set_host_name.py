"""`vmsim set-host-name`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import Word, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.lifecycle import Verb


@click.command("set-host-name")
@names.name_argument
@click.argument("host_name", metavar="HOST-NAME", type=Word())
@wait_option
@output_option
@pass_session
def command(session: Session, name: str, host_name: str, wait: bool, form: str) -> None:
    """Set the host name; a running guest is rebooted for it.

    A stopped instance stays stopped.

    \b
    Example:
      vmsim set-host-name web-1 front-1.example
    """
    plan = verbs.Plan(Verb.MODIFY, f"its host name is {host_name}", {"host_name": host_name}, wait=wait)
    verbs.carry_out(session, [name], False, plan, form)
