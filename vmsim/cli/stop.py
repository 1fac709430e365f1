"""`vmsim stop`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import stop_type_options, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.lifecycle import StoppedMode, StopType, Verb


@click.command("stop")
@names.names_argument
@names.all_option
@stop_type_options
@click.option("--stop-charging", is_flag=True, help="Give the public address back too.")
@wait_option
@output_option
@pass_session
def command(
    session: Session,
    given: tuple[str, ...],
    everything: bool,
    stop_type: str | None,
    limit: float | None,
    stop_charging: bool,
    wait: bool,
    form: str,
) -> None:
    """Stop instances: ask the guest, or pull the plug.

    Memory is gone after it; disks and addresses stay. `--hard` while a guest is still being asked cuts that short.

    \b
    Examples:
      vmsim stop web-1
      vmsim stop web-1 web-2 --soft-first --limit 30
      vmsim stop web-1 --hard
    """
    kind = StopType(stop_type or "SOFT")
    mode = StoppedMode.STOP_CHARGING if stop_charging else StoppedMode.KEEP_CHARGING
    arguments = {"stop_type": kind.value, "stopped_mode": mode.value, "limit": limit}
    plan = verbs.Plan(Verb.STOP, "stopped", arguments, wait=wait, escalate=kind is StopType.HARD)
    verbs.carry_out(session, given, everything, plan, form)
