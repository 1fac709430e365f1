"""`vmsim resize-disk`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import names, verbs
from vmsim.cli.options import Gibibytes, force_option, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.model.errors import NotFound
from vmsim.model.lifecycle import Verb


@click.command("resize-disk")
@names.name_argument
@click.argument("size", metavar="SIZE", type=Gibibytes())
@click.option("--disk", metavar="DISK", default="vda", show_default=True, help="Its id, or the guest's name for it.")
@force_option
@wait_option
@output_option
@pass_session
def command(session: Session, name: str, size: int, disk: str, force: bool, wait: bool, form: str) -> None:
    """Grow a disk.

    SIZE is its new size in GiB. The instance must be stopped, and stays so. Disks only grow.

    \b
    Examples:
      vmsim resize-disk web-1 20
      vmsim resize-disk web-1 100G --disk vdb
    """
    found = names.one(session.client, name)
    plan = verbs.Plan(
        Verb.RESIZE_DISK,
        f"its disk {disk} has {size} GiB now",
        {"disk_id": _disk(found, disk), "size_gib": size},
        force=force,
        wait=wait,
    )
    verbs.carry_out(session, [found["id"]], False, plan, form)


def _disk(instance: dict[str, Any], wanted: str) -> str:
    """The id of the disk meant."""
    letters = {f"vd{chr(ord('a') + disk['position'])}": disk["id"] for disk in instance["disks"]}
    if wanted in letters.values():
        return wanted
    if wanted in letters:
        return str(letters[wanted])
    raise NotFound("disk", wanted, hint=f"{names.label(instance)} has {', '.join(letters)}.")
