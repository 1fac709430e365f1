"""What a command works with: the home, its settings, and a client whose lab runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cached_property

import click

from vmsim import config
from vmsim.cli import lazy
from vmsim.client import Client, listens
from vmsim.config import Home, Settings


class Session:
    """One call of `vmsim`. Nothing is looked at before a command needs it."""

    @cached_property
    def home(self) -> Home:
        return config.home()

    @cached_property
    def settings(self) -> Settings:
        return config.settings(self.home)

    def go_offline(self) -> None:
        """Whatever is started from now on has no way to the internet."""
        self.settings = replace(self.settings, offline=True)

    @cached_property
    def idle_client(self) -> Client:
        """A client that starts nothing."""
        return Client(self.home.api_socket)

    @cached_property
    def client(self) -> Client:
        """A client; the lab is started when it does not run, and that is said."""
        if not self.idle_client.alive():
            say("The lab is not running.")
            lazy.load("vmsim.cli.up").start(self, Sayer())
        elif not listens(self.home.broker_socket):
            lazy.load("vmsim.cli.up").start_broker(self)
        return self.idle_client


class Sayer:
    """Progress on standard error, a line each time that something new is said."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last:
            say(f"{self._prefix}{text}")
        self._last = text


def say(text: str) -> None:
    click.echo(text, err=True)


def interactive() -> bool:
    """Is there a person to ask?"""
    return sys.stdin.isatty() and sys.stderr.isatty()


pass_session = click.make_pass_decorator(Session)
