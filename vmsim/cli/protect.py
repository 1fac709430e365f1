"""`vmsim protect` and `vmsim unprotect`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from vmsim.cli import names, output
from vmsim.cli.session import Session, pass_session


@click.command("protect")
@names.names_argument
@output.output_option
@pass_session
def command(session: Session, given: tuple[str, ...], form: str) -> None:
    """Protect instances against termination.

    By the command line and through the API. What was paid for still expires.

    \b
    Example:
      vmsim protect db-1
    """
    _set(session, given, True, form)


@click.command("unprotect")
@names.names_argument
@output.output_option
@pass_session
def unprotect(session: Session, given: tuple[str, ...], form: str) -> None:
    """Let instances be terminated again.

    \b
    Example:
      vmsim unprotect db-1
    """
    _set(session, given, False, form)


def _set(session: Session, given: Sequence[str], protected: bool, form: str) -> None:
    """All are found before the first is changed."""
    if not given:
        raise click.UsageError("Give one or more names or ids.")
    found = [names.one(session.client, name) for name in given]
    changed = [session.client.patch(names.path(item["id"]), {"protected": protected})["instance"] for item in found]
    if form == "json":
        output.print_json({"instances": changed})
        return
    for item in changed:
        click.echo(f"{names.label(item)} is {'protected' if protected else 'no longer protected'}.")
