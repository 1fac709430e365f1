"""`vmsim key`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from vmsim.cli import output
from vmsim.cli.options import NewName, Word, region_option
from vmsim.cli.session import Session, pass_session, say
from vmsim.client import segment
from vmsim.model.errors import HostError, UsageError


@click.group("key")
def command() -> None:
    """List, make, import and delete SSH keys.

    Keys are separate by region.
    """


@command.command("list")
@region_option
@output.output_option
@pass_session
def listing(session: Session, region: str | None, form: str) -> None:
    """List keys and the instances that have them."""
    found = session.client.get("/v1/keys", region=region)["keys"]
    if form == "json":
        output.print_json({"keys": found})
    elif not found:
        say("There is no key yet. `vmsim launch` makes this home's own.")
    else:
        output.print_table(("ID", "NAME", "KIND", "INSTANCES", "CREATED"), [_row(key) for key in found])


def _row(key: dict[str, Any]) -> tuple[object, ...]:
    kind = key["public_key"].split(" ")[0] + (" (this home's own)" if key["default"] else "")
    created = output.local_time(key["created"])
    return (key["id"], key["name"], kind, ", ".join(key["instance_ids"]) or "-", created)


@command.command("create")
@click.argument("name", type=NewName())
@click.option("--file", type=click.Path(path_type=Path), help="Where the private key goes; NAME.pem by default.")
@region_option
@output.output_option
@pass_session
def create(session: Session, name: str, file: Path | None, region: str | None, form: str) -> None:
    """Make a key pair.

    The private half is written to a file (mode 0600) this once and kept nowhere else.

    \b
    Example:
      vmsim key create laptop --file ~/.ssh/laptop.pem
    """
    target = file or Path(f"{name}.pem")
    client = session.client
    with _new_file(target) as written:
        made = client.post("/v1/keys", {"name": name, "region": region})
        try:
            written.write(made["private_key"])
            written.flush()
        except OSError:
            client.delete(f"/v1/keys/{segment(made['key']['id'])}", region=region)
            raise
    _print(made["key"], form, file=str(target))


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[IO[str]]:
    """Made before the key is: nobody else has the private half. Nothing stays of it when there is no key."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{target} exists already.", hint="Name another file with --file.") from error
    except OSError as error:
        why = f"{target} cannot be written: {error.strerror}."
        raise HostError(why, hint="Name another file with --file.") from error
    with contextlib.ExitStack() as stack:
        stack.callback(target.unlink)
        with os.fdopen(descriptor, "w") as written:
            yield written
        stack.pop_all()


@command.command("import")
@click.argument("name", type=NewName())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@region_option
@output.output_option
@pass_session
def import_public(session: Session, name: str, file: Path, region: str | None, form: str) -> None:
    """Import a public key: RSA, ed25519 or ECDSA.

    \b
    Example:
      vmsim key import laptop ~/.ssh/id_ed25519.pub
    """
    text = file.read_text(errors="replace").strip()
    if "PRIVATE KEY" in text:
        raise UsageError(f"{file} is a private key.", hint="Give the file of the public half; it ends in .pub.")
    made = session.client.post("/v1/keys", {"name": name, "public_key": text, "region": region})
    _print(made["key"], form)


@command.command("delete")
@click.argument("name", type=Word())
@region_option
@output.output_option
@pass_session
def delete(session: Session, name: str, region: str | None, form: str) -> None:
    """Delete a key that no instance has."""
    gone = session.client.delete(f"/v1/keys/{segment(name)}", region=region)["key"]
    if form == "json":
        output.print_json({"key": gone})
    else:
        click.echo(f"{gone['name']} ({gone['id']}) is deleted.")


def _print(key: dict[str, Any], form: str, **more: str) -> None:
    if form == "json":
        output.print_json({"key": key, **more})
    else:
        click.echo("  ".join([key["id"], key["name"], *more.values()]))
