"""`vmsim set-password`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import force_option, new_password, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.lifecycle import Verb


@click.command("set-password")
@names.names_argument
@click.option("--password-stdin", is_flag=True, help="Read it from standard input.")
@click.option("--user", "user_name", metavar="USER", default="", help="Whose; the image's login user by default.")
@force_option
@wait_option
@output_option
@pass_session
def command(
    session: Session,
    given: tuple[str, ...],
    password_stdin: bool,
    user_name: str,
    force: bool,
    wait: bool,
    form: str,
) -> None:
    """Set the login password.

    The instance must be stopped, and stays so. The password is asked for, never given as an argument.

    \b
    Examples:
      vmsim set-password web-1
      pass show web | vmsim set-password web-1 web-2 --password-stdin
    """
    if not given:
        raise click.UsageError("Give one or more names or ids.")
    arguments = {"password": new_password(password_stdin), "user_name": user_name}
    plan = verbs.Plan(Verb.RESET_PASSWORD, "its password is set", arguments, force=force, wait=wait)
    verbs.carry_out(session, given, False, plan, form)
