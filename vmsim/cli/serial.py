"""`vmsim serial`: QEMU's Unix socket on one side, a raw terminal on the other."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import click

from vmsim.cli import names
from vmsim.cli.session import Session, pass_session, say
from vmsim.model.errors import HostError, WrongState

_LEAVE = b"\x1d"
_ALL_LINES = 1_000_000


@click.command("serial")
@names.name_argument
@click.option("--log", is_flag=True, help="Print what it said so far, instead.")
@click.option("--lines", type=click.IntRange(min=1), default=None, help="With --log: only the last ones.")
@pass_session
def command(session: Session, name: str, log: bool, lines: int | None) -> None:
    """Use the serial console, or print its log.

    Ctrl-] leaves; the guest goes on.

    \b
    Examples:
      vmsim serial web-1
      vmsim serial web-1 --log --lines 20
    """
    found = names.one(session.client, name)
    if log:
        reply = session.client.get(names.path(found["id"], "serial"), lines=lines or _ALL_LINES)
        click.echo("\n".join(reply["lines"]))
        return
    with _opened(session.home.serial_socket(found["id"]), found["state"], names.label(found)) as console:
        say(f"Connected to {names.label(found)}. Ctrl-] leaves.")
        with _raw():
            relay(console, sys.stdin.fileno(), sys.stdout.fileno())
    say("\nLeft.")


@contextlib.contextmanager
def _opened(path: Path, state: str, label: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as console:
        try:
            console.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            if state != "RUNNING":
                raise WrongState("Using the serial console", label, state) from error
            raise HostError(f"The serial console of {label} does not answer.") from error
        yield console


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Keys go to the guest as they are, Ctrl-C too; as it was afterwards, whatever happens."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def relay(console: socket.socket, keys: int, screen: int) -> None:
    """Until Ctrl-], or until the guest is off. What is piped in may end before the guest has answered."""
    sources = [console.fileno(), keys]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if console.fileno() in ready:
            said = _heard(console)
            if not said:
                return
            os.write(screen, said)
        if keys in ready:
            typed = os.read(keys, 4096)
            before, leave, _ = typed.partition(_LEAVE)
            # A guest that takes none any more has ended; the next look at it says so.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                console.sendall(before)
            if leave:
                return
            if not typed:
                sources.remove(keys)


def _heard(console: socket.socket) -> bytes:
    """Empty when the guest is off, whether or not it had read all that was typed."""
    try:
        return console.recv(4096)
    except ConnectionResetError:
        return b""
