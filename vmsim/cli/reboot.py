"""`vmsim reboot`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import stop_type_options, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.lifecycle import StopType, Verb


@click.command("reboot")
@names.names_argument
@names.all_option
@stop_type_options
@wait_option
@output_option
@pass_session
def command(
    session: Session,
    given: tuple[str, ...],
    everything: bool,
    stop_type: str | None,
    limit: float | None,
    wait: bool,
    form: str,
) -> None:
    """Reboot instances.

    A fresh start of the machine, after the guest has shut itself down or its plug was pulled.

    \b
    Examples:
      vmsim reboot web-1
      vmsim reboot web-1 --hard
    """
    kind = StopType(stop_type or "SOFT")
    arguments = {"stop_type": kind.value, "limit": limit}
    plan = verbs.Plan(
        Verb.REBOOT,
        "rebooted, the guest is up",
        arguments,
        wait=wait,
        then_login=session.settings.boot_limit,
        escalate=kind is StopType.HARD,
    )
    verbs.carry_out(session, given, everything, plan, form)
