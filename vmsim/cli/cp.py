"""`vmsim cp`: files and folders in or out, as one tar stream over SSH. Every guest has tar; not every one has SFTP."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click
import paramiko

from vmsim.cli import guest, unpack
from vmsim.cli.session import Session, pass_session
from vmsim.model.errors import NotFound, OperationFailed, Refused


@dataclass(frozen=True)
class Place:
    """One end of a copy: in an instance, or here (`name` "")."""

    name: str
    path: str


@click.command("cp")
@click.argument("places", metavar="SOURCE... TARGET", nargs=-1, required=True)
@click.option("-i", "--identity", type=click.Path(exists=True, path_type=Path), help="Private key.")
@click.option("-l", "--user", metavar="USER", default="", help="The image's login user by default.")
@pass_session
def command(session: Session, places: tuple[str, ...], identity: Path | None, user: str) -> None:
    """Copy files and folders in or out.

    A place inside is written NAME:PATH; a PATH that does not begin with / is in the login user's home. As with cp, a
    target that is a folder receives the sources under their names. Folders are copied with all in them.

    \b
    Examples:
      vmsim cp site.conf pages web-1:/srv
      vmsim cp web-1:/var/log/messages .
    """
    *sources, target = map(parse, places)
    if not sources:
        raise click.UsageError("Give at least one source and a target.")
    inside = {place.name for place in sources}
    if target.name and inside == {""}:
        with guest.logged_in(session, target.name, user, identity) as transport:
            _copy_in(transport, [Path(place.path) for place in sources], target.path)
    elif not target.name and len(inside) == 1 and "" not in inside:
        with guest.logged_in(session, inside.pop(), user, identity) as transport:
            for place in sources:
                _copy_out(transport, place.path, Path(target.path), len(sources) > 1)
    else:
        raise click.UsageError("One side must be an instance's (NAME:PATH), the other here.")


def parse(text: str) -> Place:
    """NAME:PATH, or a path here; ./a:b is a path here."""
    if not text:
        raise click.UsageError("A place is empty.")
    name, colon, path = text.partition(":")
    if not colon or "/" in name or name.startswith("."):
        return Place("", text)
    return Place(name, path.removeprefix("~/").removeprefix("~") or ".")


def _copy_in(transport: paramiko.Transport, sources: list[Path], target: str) -> None:
    for source in sources:
        if not source.exists():
            raise NotFound("file", str(source))
        if not (source.is_file() or source.is_dir()):
            raise Refused(f"{source} is neither a file nor a folder.")
    into = _is_folder(transport, target)
    if len(sources) > 1 and not into:
        raise OperationFailed(f"{target} is no folder in the guest; several sources need one.")
    folder = target if into else str(PurePosixPath(target).parent)
    channel = transport.open_session()
    channel.exec_command(_bytes(f"tar -xf - -C {shlex.quote(folder)}"))
    try:
        with channel.makefile("wb") as stream:
            for source in sources:
                name = source.resolve().name if into else PurePosixPath(target).name
                unpack.pack(stream, source, name)
            unpack.finish(stream)
        channel.shutdown_write()
    except OSError as error:
        if error.filename:
            raise  # one of ours that cannot be read
        # else tar ended early; its own words follow
    _check(channel, f"copying to {target}")


def _copy_out(transport: paramiko.Transport, source: str, target: Path, several: bool) -> None:
    if several and not target.is_dir():
        raise OperationFailed(f"{target} is no folder; several sources need one.")
    path = PurePosixPath(source)
    folder, name = (path, ".") if path.name in ("", "..") else (path.parent, path.name)
    channel = transport.open_session()
    channel.exec_command(_bytes(f"tar -cf - -C {shlex.quote(str(folder))} {shlex.quote(name)}"))
    into = target / name if target.is_dir() else target
    if not into.parent.is_dir():
        raise NotFound("folder", str(into.parent), hint="It must be there before the copy is made.")
    with channel.makefile("rb") as stream:
        unpack.unpack(stream, name, into)
    _check(channel, f"copying {source}")


def _is_folder(transport: paramiko.Transport, path: str) -> bool:
    channel = transport.open_session()
    channel.exec_command(_bytes(f"test -d {shlex.quote(path)}"))
    return channel.recv_exit_status() == 0


def _bytes(line: str) -> bytes:
    """Names of files need not be UTF-8."""
    return os.fsencode(line)


def _check(channel: paramiko.Channel, what: str) -> None:
    said = channel.makefile_stderr("r").read()
    if channel.recv_exit_status() != 0:
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise OperationFailed(f"The guest failed at {what}: {text.strip() or 'it said nothing'}.")
