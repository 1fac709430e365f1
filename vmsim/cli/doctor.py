"""`vmsim doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from vmsim.cli import output
from vmsim.cli.session import Session, pass_session
from vmsim.lab import doctor
from vmsim.lab.doctor import Check

_MARKS = {True: ("ok", "green"), None: ("note", "yellow"), False: ("MISSING", "red")}


@click.command("doctor")
@click.option("--again", is_flag=True, help="Prove the accelerator anew.")
@click.option("--report", is_flag=True, help="Everything a bug report needs, as JSON.")
@output.output_option
@pass_session
def command(session: Session, again: bool, report: bool, form: str) -> None:
    """Check what vmsim needs of this machine.

    Each with the one command that mends it. Exit code 1 when something needed is missing.

    \b
    Examples:
      vmsim doctor
      vmsim doctor --report > report.json
    """
    if report:
        output.print_json(doctor.report(session.home, session.settings))
        return
    checks = doctor.checks(session.home, session.settings, again)
    if form == "json":
        output.print_json({"checks": [asdict(check) for check in checks]})
    else:
        _print(checks)
    raise click.exceptions.Exit(1 if any(check.ok is False for check in checks) else 0)


def _print(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        text, colour = _MARKS[check.ok]
        click.echo(f"{click.style(f'{text:<7}', fg=colour)}  {check.name:<{width}}  {check.found}")
        if check.ok is not True:
            click.echo(f"{'':<9}{'':<{width}}  for: {check.why}")
            if check.mend:
                click.echo(f"{'':<9}{'':<{width}}  mend: {check.mend}")
