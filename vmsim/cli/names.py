"""Instances by name or id on a command line: the argument, its completion, and what was meant."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from vmsim.cli.lazy import suggestion
from vmsim.cli.options import Word
from vmsim.cli.session import Session
from vmsim.client import Client, segment
from vmsim.model.errors import NotFound, VmsimError

F = TypeVar("F", bound=Callable[..., Any])


def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names and ids of what there is; a lab that does not run is not started for it."""
    try:
        found = (ctx.find_object(Session) or Session()).idle_client.get("/v1/instances")["instances"]
    except (VmsimError, OSError):
        return []
    words = [word for item in found for word in (item["name"], item["id"])]
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


name_argument = click.argument("name", metavar="NAME", type=Word(), shell_complete=complete)
names_argument = click.argument("given", metavar="NAME...", type=Word(), nargs=-1, shell_complete=complete)
optional_names_argument = click.argument("given", metavar="[NAME]...", type=Word(), nargs=-1, shell_complete=complete)
all_option = click.option("--all", "everything", is_flag=True, help="Every instance for which it is possible.")


def path(name: str, *more: str) -> str:
    return "/".join(["/v1/instances", segment(name), *more])


def one(client: Client, name: str) -> dict[str, Any]:
    """The instance meant. Raises NotFound with a near name."""
    return detailed(client, name)["instance"]  # type: ignore[no-any-return]


def detailed(client: Client, name: str, **query: Any) -> dict[str, Any]:
    """The instance and its operations."""
    try:
        found: dict[str, Any] = client.get(path(name), **query)
    except NotFound as error:
        error.hint = _near(client, name) or error.hint
        raise
    return found


def _near(client: Client, name: str) -> str:
    known = [item["name"] for item in client.get("/v1/instances")["instances"]]
    return suggestion(name, known).strip()


def label(instance: dict[str, Any]) -> str:
    """How a line about it begins."""
    return f"{instance['name']} ({instance['id']})"


def word(client: Client, instance: dict[str, Any]) -> str:
    """What to type for it in a shell: its name, or its id where the name is another's too, or looks like an option."""
    known = [item["name"] for item in client.get("/v1/instances")["instances"]]
    plain = known.count(instance["name"]) == 1 and not instance["name"].startswith("-")
    return shlex.quote(instance["name"]) if plain else str(instance["id"])


def required(names: Sequence[str], everything: bool) -> None:
    """Either names or --all. Raises Click's usage error."""
    if everything and names:
        raise click.UsageError("Give names, or --all, not both.")
    if not everything and not names:
        raise click.UsageError("Give one or more names or ids, or --all.")
