"""`vmsim reset --home`."""

from __future__ import annotations

import click

from vmsim.cli.down import take_down
from vmsim.cli.session import Sayer, Session, interactive, pass_session
from vmsim.lab import home
from vmsim.lab.lab import Lab


@click.command("reset")
@click.option("--home", "whole", is_flag=True, help="Yes, the whole home.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def command(session: Session, whole: bool, yes: bool) -> None:
    """Remove everything of this home.

    Instances, their disks, keys and logs; the lab goes down first. Built images stay, other homes share them.
    """
    root = session.home.root
    lab = Lab(session.home, session.settings)
    if not whole:
        raise click.UsageError(f"Say --home: it removes {root} with every instance in it.")
    if not root.exists() and not lab.status().running:
        click.echo(f"There is no home at {root}.")
        return
    if not yes and not interactive():
        raise click.UsageError("There is no terminal to ask on; --yes removes without asking.")
    if not yes:
        click.confirm(f"Remove {root} with every instance, disk and key in it?", abort=True, err=True)
    if lab.status().running:
        take_down(session, lab, None)
    home.reset(lab, Sayer(), down=True)
    click.echo(f"{root} is removed.")
