"""`vmsim exec`."""

from __future__ import annotations

import os
import select
import shlex
import sys
import threading
from pathlib import Path

import click
import paramiko

from vmsim.cli import guest, names
from vmsim.cli.session import Session, pass_session, say

_CHUNK = 65536
_LOST = 255
"""As ssh says it: the session ended without an exit code (a signal, a guest that went down)."""


@click.command("exec")
@names.name_argument
@click.option("-i", "--identity", type=click.Path(exists=True, path_type=Path), help="Private key.")
@click.option("-l", "--user", metavar="USER", default="", help="The image's login user by default.")
@click.argument("words", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_session
def command(session: Session, name: str, identity: Path | None, user: str, words: tuple[str, ...]) -> None:
    """Run a command inside and pass its exit code on.

    Standard input goes in unless it is a terminal. One word is given to the guest's shell as it is.

    \b
    Examples:
      vmsim exec web-1 -- cat /etc/os-release
      vmsim exec web-1 'dmesg | tail -n 3'
    """
    line = words[0] if len(words) == 1 else shlex.join(words)
    with guest.logged_in(session, name, user, identity) as transport:
        code = run(transport, line)
    raise click.exceptions.Exit(code)


def run(transport: paramiko.Transport, line: str) -> int:
    """Run it with our standard streams; its exit code."""
    channel = transport.open_session()
    channel.exec_command(os.fsencode(line))
    if sys.stdin.isatty():
        channel.shutdown_write()
    else:
        threading.Thread(target=_feed, args=(channel,), daemon=True).start()
    while not (channel.exit_status_ready() and not channel.recv_ready() and not channel.recv_stderr_ready()):
        select.select([channel], [], [], 0.2)
        _drain(channel)
        if channel.closed:
            break
    _drain(channel)
    code = channel.recv_exit_status() if channel.exit_status_ready() else -1
    if code < 0:
        say("The session ended without an exit code.")
        return _LOST
    return code


def _feed(channel: paramiko.Channel) -> None:
    try:
        while data := os.read(sys.stdin.fileno(), _CHUNK):
            channel.sendall(data)
        channel.shutdown_write()
    except OSError:
        return  # the command has ended without reading all


def _drain(channel: paramiko.Channel) -> None:
    while channel.recv_ready():
        sys.stdout.buffer.write(channel.recv(_CHUNK))
    sys.stdout.buffer.flush()
    while channel.recv_stderr_ready():
        sys.stderr.buffer.write(channel.recv_stderr(_CHUNK))
    sys.stderr.buffer.flush()
