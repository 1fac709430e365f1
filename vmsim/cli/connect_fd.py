"""The hidden command behind `ProxyCommand`: OpenSSH gets a connected socket, and nothing is relayed."""

from __future__ import annotations

import socket
import sys

import click

from vmsim import client
from vmsim.cli.session import Session, pass_session


@click.command("connect-fd", hidden=True)
@click.argument("name")
@click.argument("port", type=click.IntRange(1, 65535))
@pass_session
def command(session: Session, name: str, port: int) -> None:
    """Hand a connection to OpenSSH over standard output, a Unix socket (`ProxyUseFdpass yes`)."""
    reached = client.connect(session.home, name, port)
    with reached.socket, socket.socket(fileno=socket.dup(sys.stdout.fileno())) as through:
        client.hand_over(through, reached.socket)
