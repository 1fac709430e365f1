"""`vmsim enter`."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from typing import Any

import click

from vmsim.cli.run import CANNOT, UNKNOWN
from vmsim.cli.session import Sayer, Session, interactive, pass_session, say
from vmsim.cli.up import start
from vmsim.lab import inside


@click.command("enter", context_settings={"allow_interspersed_args": False})
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@pass_session
def command(session: Session, words: tuple[str, ...]) -> None:
    """Run a shell or a command in the lab's network.

    With your own files and programs, so that ping, curl and nmap see what the cloud's inside sees. Instances have
    their names, ids and own host names as host names. The exit code is the command's.

    \b
    Examples:
      vmsim enter
      vmsim enter -- ping -c 1 web-1
      vmsim enter -- curl http://203.0.113.1/
    """
    status = start(session, Sayer())
    found = session.client.get("/v1/instances")["instances"]
    inside.enter(session.home, status.pid, host_names(found))
    if not words:
        words = (os.environ.get("SHELL") or "/bin/sh",)
        if interactive():
            say("In the lab's network; `exit` leaves it.")
    _become(words)


def host_names(instances: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Names by private address: its id; its name, and what the guest calls itself, where that is one word and nobody
    else's."""
    there = list(instances)
    given = Counter(word for item in there for word in {item["name"], item["host_name"]})

    def names(item: dict[str, Any]) -> list[str]:
        own = (word for word in (item["name"], item["host_name"]) if given[word] == 1 and _is_host_name(word))
        return list(dict.fromkeys([item["id"], *own]))

    return {item["private_ip"]: names(item) for item in there if item["private_ip"]}


def _is_host_name(name: str) -> bool:
    return name.isascii() and name.replace("-", "").replace(".", "").isalnum()


def _become(words: tuple[str, ...]) -> None:
    """The command takes this process's place: signals, terminal and exit code are its own."""
    if not words[0]:
        say("Error: the command is empty.")
        raise click.exceptions.Exit(UNKNOWN)
    program = shutil.which(words[0])
    try:
        os.execv(program or words[0], words)
    except OSError as error:
        say(f"Error: {words[0]} cannot be run: {error.strerror}.")
        raise click.exceptions.Exit(UNKNOWN if isinstance(error, FileNotFoundError) else CANNOT) from error
