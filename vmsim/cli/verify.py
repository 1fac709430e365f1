"""`vmsim verify`."""

from __future__ import annotations

import click

from vmsim.cli.lazy import load
from vmsim.cli.output import output_option


@click.command("verify")
@click.option("--image", metavar="IMAGE", default="tiny", show_default=True, help="The guests' image.")
@output_option
def command(image: str, form: str) -> None:
    """Prove every promise on real guests.

    In a temporary home, through the real API; nothing is left behind. Exit code 1 when something fails.

    \b
    Examples:
      vmsim verify
      vmsim verify --output json > verified.json
    """
    raise click.exceptions.Exit(int(load("vmsim.verify.main").run(image=image, output=form)))
