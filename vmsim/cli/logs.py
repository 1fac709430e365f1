"""`vmsim logs`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from vmsim.cli import names
from vmsim.cli.options import Word
from vmsim.cli.session import Session, pass_session
from vmsim.lab import logs
from vmsim.lab.lab import Lab
from vmsim.model.errors import NotFound
from vmsim.model.ids import is_id

_LOOK_EVERY = 0.25
_CHUNK = 65536


@click.command("logs")
@click.argument(
    "name", metavar="[daemon|libvirtd|init|NAME]", type=Word(), default="daemon", shell_complete=names.complete
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written next.")
@click.option(
    "-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="How many to begin with."
)
@pass_session
def command(session: Session, name: str, follow: bool, lines: int) -> None:
    """Show the logs of the lab or of an instance.

    An instance's log is its serial console. Logs are bounded; a log of the lab needs no running lab.

    \b
    Examples:
      vmsim logs
      vmsim logs libvirtd --follow
      vmsim logs web-1
    """
    path = _path(session, name)
    end = path.stat().st_size if path.exists() else 0
    for line in logs.tail(path, lines) if lines else []:
        click.echo(line)
    if follow:
        for data in following(path, end):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


def _path(session: Session, name: str) -> Path:
    """The file. Raises NotFound, naming the logs there are."""
    known = Lab(session.home, session.settings).logs()
    if name in known:
        return known[name]
    if name in ("daemon", "libvirtd", "init", "broker"):
        raise NotFound("log", name, hint=f"There is {', '.join(known)}." if known else "The lab never ran here.")
    if is_id("ins", name) and session.home.serial_log(name).exists():
        return session.home.serial_log(name)
    return session.home.serial_log(names.one(session.client, name)["id"])


def following(path: Path, begin: int) -> Iterator[bytes]:
    """What is there after `begin` and what is appended from now on, also over a change of the file; never ends."""
    position = begin
    known = _identity(path)
    while True:
        now = _identity(path)
        if now is not None:
            # Begun anew (rotated) or cut (bounded in place): from its beginning, or its new end.
            if known is not None and now != known:
                position = 0
            position = min(position, path.stat().st_size)
            with path.open("rb") as file:
                file.seek(position)
                while data := file.read(_CHUNK):
                    position += len(data)
                    yield data
            known = now
        time.sleep(_LOOK_EVERY)


def _identity(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
