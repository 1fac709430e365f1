"""`vmsim run`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from vmsim.cli import env
from vmsim.cli.session import Sayer, Session, pass_session, say
from vmsim.cli.up import start
from vmsim.lab import companion

CANNOT, UNKNOWN = 126, 127
"""As a shell says it."""


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.option("--allow-internet", is_flag=True, help="Let the program reach other hosts too.")
@click.argument("words", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_session
def command(session: Session, allow_internet: bool, words: tuple[str, ...]) -> None:
    """Run a program that takes this home for the cloud.

    It needs no other endpoint: the cloud's own host names lead here, through a proxy and a certificate that only this
    program is told to trust. Other hosts are refused. The exit code is the program's.

    \b
    Examples:
      vmsim run -- tccli cvm DescribeZones
      vmsim run -- python deploy.py
      vmsim run --allow-internet -- terraform apply
    """
    program = _found(words[0])
    status = start(session, Sayer())
    port = companion.start(session.home, status.port) if allow_internet else 0
    _become(program, words, env.variables(session, proxy_port=port))


def _found(word: str) -> str:
    program = shutil.which(word)
    if program:
        return program
    if Path(word).exists() and "/" in word:
        say(f"Error: {word} cannot be run: it is no program.")
        raise click.exceptions.Exit(CANNOT)
    say(f"Error: there is no command {word}.")
    raise click.exceptions.Exit(UNKNOWN)


def _become(program: str, words: tuple[str, ...], more: dict[str, str]) -> None:
    """The program takes this process's place: signals, terminal and exit code are its own."""
    try:
        os.execve(program, words, {**os.environ, **more})
    except OSError as error:
        say(f"Error: {words[0]} cannot be run: {error.strerror}.")
        raise click.exceptions.Exit(CANNOT) from error
