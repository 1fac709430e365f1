"""`vmsim set-type`."""

from __future__ import annotations

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import Word, force_option, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.instance_types import TYPES, instance_type
from vmsim.model.lifecycle import Verb


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names and types: Click takes every word for one more of the names."""
    kinds = [name for name in TYPES if incomplete and name.startswith(incomplete)]
    return names.complete(ctx, parameter, incomplete) + kinds


@click.command("set-type")
@click.argument("given", metavar="NAME...", type=Word(), nargs=-1, shell_complete=_complete)
@click.argument("type_name", metavar="TYPE", type=Word())
@force_option
@wait_option
@output_option
@pass_session
def command(session: Session, given: tuple[str, ...], type_name: str, force: bool, wait: bool, form: str) -> None:
    """Change CPU and memory.

    The instance must be stopped, and stays so; `vmsim type list` shows the types.

    \b
    Examples:
      vmsim set-type web-1 S5.MEDIUM4
      vmsim set-type web-1 web-2 LAB2.NANO256 --force
    """
    kind = instance_type(type_name)
    done = f"is {kind.name} now ({kind.cpu} CPU, {kind.memory_words})"
    plan = verbs.Plan(Verb.RESET_TYPE, done, {"type_name": kind.name}, force=force, wait=wait)
    verbs.carry_out(session, given, False, plan, form)
