"""`vmsim image`."""

from __future__ import annotations

from dataclasses import asdict

import click

from vmsim.cli import output
from vmsim.cli.session import Sayer, Session, pass_session
from vmsim.lab import images
from vmsim.lab.images import LocalImage


@click.group("image")
def command() -> None:
    """List and build images."""


@command.command("list")
@output.output_option
@pass_session
def listing(session: Session, form: str) -> None:
    """List images, and whether they are built.

    Needs no lab. Built images are shared by all homes of a user.
    """
    found = images.listing()
    if form == "json":
        output.print_json({"images": [asdict(image) for image in found]})
    else:
        output.print_table(("NAME", "BUILT", "FILE", "DISK", "SHA-256"), [_row(image) for image in found])


def _row(image: LocalImage) -> tuple[object, ...]:
    if not image.built:
        return (image.name, f"no (vmsim image build {image.name})", "-", "-", "-")
    disk = output.size(image.virtual_size_bytes) if image.virtual_size_bytes else "-"
    return (image.name, output.local_time(image.built), output.size(image.file_bytes), disk, image.sha256[:16] or "-")


@command.command("build")
@click.argument("name", default=images.DEFAULT)
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
