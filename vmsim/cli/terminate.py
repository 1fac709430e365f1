"""`vmsim terminate`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, interactive, pass_session
from vmsim.model.lifecycle import Verb


@click.command("terminate")
@names.names_argument
@names.all_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@wait_option
@output_option
@pass_session
def command(session: Session, given: tuple[str, ...], everything: bool, yes: bool, wait: bool, form: str) -> None:
    """Terminate instances: they and their disks are gone.

    A prepaid instance goes to the recycle bin first, and is gone when it is terminated there again.
    Asks first; without a terminal it needs --yes.

    \b
    Examples:
      vmsim terminate web-1
      vmsim terminate --all --yes
    """
    if not yes and (given or everything):
        _confirm("every instance of this home" if everything else ", ".join(given))
    # Forced: what is left of a failed launch goes too (decisions 2).
    plan = verbs.Plan(Verb.TERMINATE, "terminated", force=True, wait=wait)
    verbs.carry_out(session, given, everything, plan, form)


def _confirm(what: str) -> None:
    if not interactive():
        raise click.UsageError("There is no terminal to ask on; --yes terminates without asking.")
    click.confirm(f"Terminate {what} and delete the disks?", abort=True, err=True)
