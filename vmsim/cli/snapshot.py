"""`vmsim snapshot`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import asked, names, output
from vmsim.cli.options import NewName, Word, wait_option
from vmsim.cli.session import Session, pass_session, say
from vmsim.client import Client, segment
from vmsim.model import ids
from vmsim.model.errors import NotFound

_INSTANCE_IN_NAME = 56
"""Bytes: a snapshot's name has at most 60."""


@click.group("snapshot")
def command() -> None:
    """List, make, put back and delete snapshots of disks.

    A snapshot is a copy of a disk's contents that depends on nothing. Of a running guest it is what lay on the disk
    at one moment, as after a power cut; of a stopped one it is exact.
    """


@command.command("list")
@output.output_option
@pass_session
def listing(session: Session, form: str) -> None:
    """List snapshots, newest first."""
    found = session.client.get("/v1/snapshots")["snapshots"]
    if form == "json":
        output.print_json({"snapshots": found})
    elif not found:
        say("There is no snapshot.")
    else:
        output.print_table(("ID", "NAME", "DISK", "SIZE", "STATE", "IMAGES", "CREATED"), [_row(one) for one in found])


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    state = one["state"] if one["state"] == "NORMAL" else f"{one['state']} {one['percent']}%"
    made = output.local_time(one["created"])
    images = ", ".join(one["image_ids"]) or "-"
    return (one["id"], one["name"], one["disk_id"], f"{one['size_gib']} GiB", state, images, made)


@command.command("create")
@click.argument("of", metavar="NAME|DISK", type=Word(), shell_complete=names.complete)
@click.option("--disk", metavar="DISK", default="vda", show_default=True, help="The guest's name for the disk.")
@click.option("--name", type=NewName(), default="", help="What to call it; after instance and disk by default.")
@wait_option
@output.output_option
@pass_session
def create(session: Session, of: str, disk: str, name: str, wait: bool, form: str) -> None:
    """Make a snapshot of an instance's disk, or of a disk by its id.

    \b
    Examples:
      vmsim snapshot create web-1 --name before-upgrade
      vmsim snapshot create web-1 --disk vdb
    """
    disk_id, called = (of, of) if ids.is_id("disk", of) else _disk(session.client, of, disk)
    reply = session.client.post("/v1/snapshots", {"disk_id": disk_id, "name": name or called})
    made = reply["snapshot"]
    label = f"{made['name']} ({made['id']})"
    asked.tell(session.client, reply, label, f"a snapshot of {disk_id}", wait=wait, form=form)


def _disk(client: Client, name: str, wanted: str) -> tuple[str, str]:
    """Its id, and what a snapshot of it is called unless a name was given."""
    instance = names.one(client, name)
    letters = {f"vd{chr(ord('a') + disk['position'])}": str(disk["id"]) for disk in instance["disks"]}
    if wanted in letters:
        short = instance["name"].encode()[:_INSTANCE_IN_NAME].decode(errors="ignore")
        return letters[wanted], f"{short}-{wanted}"
    raise NotFound("disk", wanted, hint=f"{names.label(instance)} has {', '.join(letters)}.")


@command.command("apply")
@click.argument("name", metavar="SNAPSHOT", type=Word())
@click.option("--force", is_flag=True, help="Stop a running instance for it, and start it again.")
@wait_option
@output.output_option
@pass_session
def apply(session: Session, name: str, force: bool, wait: bool, form: str) -> None:
    """Put a snapshot back onto its disk.

    What the disk has now is lost. Its instance must be stopped, and stays so.

    \b
    Example:
      vmsim snapshot apply before-upgrade
    """
    reply = session.client.post(f"/v1/snapshots/{segment(name)}/apply", {"stop": force, "start": force})
    found = reply["snapshot"]
    label = f"{found['name']} ({found['id']})"
    asked.tell(session.client, reply, label, f"is on {found['disk_id']} again", wait=wait, form=form)


@command.command("delete")
@click.argument("name", metavar="SNAPSHOT", type=Word())
@click.option("--with-images", is_flag=True, help="Delete the images that were made with it, too.")
@output.output_option
@pass_session
def delete(session: Session, name: str, with_images: bool, form: str) -> None:
    """Delete a snapshot."""
    gone = session.client.delete(f"/v1/snapshots/{segment(name)}", images=int(with_images))["snapshot"]
    if form == "json":
        output.print_json({"snapshot": gone})
    else:
        click.echo(f"{gone['name']} ({gone['id']}) is deleted.")
