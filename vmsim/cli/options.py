"""Options that several commands share."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from vmsim.cli.session import interactive

F = TypeVar("F", bound=Callable[..., Any])


def wait_option(function: F) -> F:
    option = click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")
    return option(function)


def offline_option(function: F) -> F:
    text = "Without a way to the internet, as the setting offline has it for good."
    return click.option("--offline", is_flag=True, help=text)(function)


def force_option(function: F) -> F:
    text = "Stop a running instance for it, and start it again."
    return click.option("--force", is_flag=True, help=text)(function)


def stop_type_options(function: F) -> F:
    """--soft, --soft-first, --hard as `stop_type`, and --limit."""
    kinds = (
        ("--hard", "HARD", "Pull the plug at once."),
        ("--soft-first", "SOFT_FIRST", "Ask the guest; pull the plug after the limit."),
        ("--soft", "SOFT", "Ask the guest to shut down; fail after the limit (the default)."),
    )
    limit = click.option("--limit", type=Seconds(), metavar="SECONDS", help="How long a guest may take.")
    function = limit(function)
    for name, value, text in kinds:
        option = click.option(name, "stop_type", flag_value=value, type=str, default=None, help=text)
        function = option(function)
    return function


def region_option(function: F) -> F:
    text = "The region; the home's own by default."
    return click.option("--region", type=Word(), metavar="REGION", help=text)(function)


class Seconds(click.FloatRange):
    """A time: 0 to a day. Click's own range lets "nan" through, which no comparison refuses."""

    def __init__(self) -> None:
        super().__init__(0, 86400)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return number


class Port(click.ParamType[int]):
    """A port of a guest. Who knows other tools writes 8080:80, and is told how it is said here."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if str(value).isascii() and str(value).isdigit() and 1 <= int(value) <= 65535:
            return int(value)
        self.fail(f"{value!r} is no port of the guest, 1 to 65535. Where it is to be here says --on.", param, ctx)


class Word(click.ParamType[str]):
    """A name of something there is. An empty one (`vmsim launch "$NAME"`, never set) is a mistake, and not "none"."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        left_out = ctx is not None and param is not None and ctx.get_parameter_source(param.name or "") in _NOT_SAID
        if not value and not left_out:
            self.fail("it is empty.", param, ctx)
        if not value.isprintable():
            self.fail(f"{value!r} holds what cannot be printed.", param, ctx)
        return str(value)


class NewName(Word):
    """A name for something new. One that begins with a dash would be taken for an option ever after."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = super().convert(value, param, ctx)
        if name.startswith("-"):
            self.fail(f"{name!r} begins with a dash, as options do.", param, ctx)
        return name


_NOT_SAID = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def of_region_option(function: F) -> F:
    """For a list, which is of every region by itself."""
    return click.option("--region", type=Word(), metavar="REGION", help="Only of this region.")(function)


class Gibibytes(click.ParamType[int]):
    """A size of whole GiB: 20, 20G, 20GiB."""

    name = "GiB"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip().lower()
        for ending in ("gib", "gb", "g"):
            text = text.removesuffix(ending)
        if not text.strip().isdigit() or int(text) == 0:
            self.fail(f"{value!r} is not a size; write whole GiB, for instance 20 or 20G.", param, ctx)
        return int(text)


def new_password(from_stdin: bool) -> str:
    """Asked for twice on a terminal, or the first line of standard input; never an argument, which others see."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise click.UsageError("There is no password on standard input.")
        return given
    if not interactive():
        raise click.UsageError("There is no terminal to ask for the password; use --password-stdin.")
    text: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return text
