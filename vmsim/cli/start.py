"""`vmsim start`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import Seconds, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.lifecycle import Verb


@click.command("start")
@names.names_argument
@names.all_option
@wait_option
@click.option("--limit", type=Seconds(), metavar="SECONDS", help="How long a boot may stand still.")
@output_option
@pass_session
def command(
    session: Session, given: tuple[str, ...], everything: bool, wait: bool, limit: float | None, form: str
) -> None:
    """Start stopped instances.

    Waits until one can log in.

    \b
    Examples:
      vmsim start web-1 web-2
      vmsim start --all --no-wait
    """
    patience = session.settings.boot_limit if limit is None else limit
    plan = verbs.Plan(Verb.START, "running, the guest is up", wait=wait, then_login=patience)
    verbs.carry_out(session, given, everything, plan, form)
