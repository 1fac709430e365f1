"""`vmsim image`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from vmsim.cli import asked, names, output
from vmsim.cli.options import NewName, Word, region_option, wait_option
from vmsim.cli.session import Sayer, Session, pass_session
from vmsim.client import segment
from vmsim.lab import images
from vmsim.lab.images import LocalImage


@click.group("image")
def command() -> None:
    """List, build, make, import and delete images."""


@command.command("list")
@output.output_option
@pass_session
def listing(session: Session, form: str) -> None:
    """List images: those that can be built, and this home's own.

    Needs no lab, but only a running one tells of this home's own. Built images are shared by all homes of a user.
    """
    found = images.listing()
    known = session.idle_client.get("/v1/images")["images"] if session.idle_client.alive() else []
    own = [image for image in known if image["region"]]
    if form == "json":
        output.print_json({"images": [{"id": image.id, **asdict(image)} for image in found], "own": own})
        return
    output.print_table(("ID", "NAME", "BUILT", "FILE", "DISK", "SHA-256"), [_row(image) for image in found])
    if own:
        click.echo()
        output.print_table(("ID", "NAME", "STATE", "DISK", "MEMORY", "USER", "CREATED"), [_own(image) for image in own])


def _own(image: dict[str, Any]) -> tuple[object, ...]:
    state = image["state"] if image["percent"] in (0, 100) else f"{image['state']} {image['percent']}%"
    memory = output.memory(image["memory_mib"])
    made = output.local_time(image["created"])
    return (image["id"], image["name"], state, f"{image['size_gib']} GiB", memory, image["login_user"], made)


def _row(image: LocalImage) -> tuple[object, ...]:
    if not image.built:
        return (image.id, image.name, f"no (vmsim image build {image.name})", "-", "-", "-")
    disk = output.size(image.virtual_size_bytes) if image.virtual_size_bytes else "-"
    built, size = output.local_time(image.built), output.size(image.file_bytes)
    return (image.id, image.name, built, size, disk, image.sha256[:16] or "-")


@command.command("build")
@click.argument("name", type=Word(), default=images.DEFAULT)
@output.output_option
def build(name: str, form: str) -> None:
    """Build an image from its recipe, without root.

    Instances that exist keep the image they were made of.

    \b
    Example:
      vmsim image build tiny
    """
    made = images.build(name, Sayer())
    if form == "json":
        output.print_json({"image": asdict(made)})
    else:
        click.echo(f"{made.path}  {output.size(made.file_bytes)}  sha256 {made.sha256}")


@command.command("create")
@click.argument("instance", metavar="INSTANCE", type=Word(), shell_complete=names.complete)
@click.argument("name", type=NewName())
@click.option("--force", is_flag=True, help="Stop a running instance for it, and start it again.")
@click.option("--description", default="", help="What it is for.")
@wait_option
@output.output_option
@pass_session
def create(session: Session, instance: str, name: str, force: bool, description: str, wait: bool, form: str) -> None:
    """Make an image of an instance's system disk.

    A running guest goes on, and the image is what lay on its disk at one moment; --force shuts it down for it.

    \b
    Example:
      vmsim image create web-1 web-golden
    """
    body = {"instance": instance, "name": name, "power_off": force, "description": description}
    reply = session.client.post("/v1/images", body)
    made = reply["image"]
    done = f"an image; `vmsim launch --image {shlex.quote(name)}` makes instances of it"
    asked.tell(session.client, reply, f"{name} ({made['id']})", done, wait=wait, form=form)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", type=NewName(), help="What to call it; the file's own name by default.")
@click.option("--login-user", default="root", show_default=True, help="Who logs in.")
@click.option(
    "--memory", type=click.IntRange(min=64), default=512, show_default=True, help="The least it boots with, MiB."
)
@region_option
@wait_option
@output.output_option
@pass_session
def import_file(
    session: Session,
    file: Path,
    name: str | None,
    login_user: str,
    memory: int,
    region: str | None,
    wait: bool,
    form: str,
) -> None:
    """Import a disk image: RAW, QCOW2, VHD or VMDK in one file that depends on no other.

    \b
    Example:
      vmsim image import debian-12-genericcloud-amd64.qcow2 --name debian --login-user debian
    """
    body = {"path": str(file.absolute()), "name": name or file.stem, "login_user": login_user, "memory_mib": memory}
    reply = session.client.post("/v1/images/import", {**body, "region": region})
    made = reply["image"]
    done = f"imported; `vmsim launch --image {shlex.quote(made['name'])}` makes instances of it"
    asked.tell(session.client, reply, f"{made['name']} ({made['id']})", done, wait=wait, form=form)


@command.command("delete")
@click.argument("name", type=Word())
@output.output_option
@pass_session
def delete(session: Session, name: str, form: str) -> None:
    """Delete an image of this home's own, and its snapshots.

    Instances that exist keep what they need of it.
    """
    gone = session.client.delete(f"/v1/images/{segment(name)}")["image"]
    if form == "json":
        output.print_json({"image": gone})
    else:
        click.echo(f"{gone['name']} ({gone['id']}) is deleted.")
