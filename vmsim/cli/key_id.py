"""`vmsim key-id`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.options import NewName, Word
from vmsim.cli.session import Session, pass_session
from vmsim.client import segment


@click.group("key-id")
def command() -> None:
    """List, make, disable and delete keys of the API.

    A key for each caller tells them apart in `vmsim events`. `vmsim env` prints the oldest one that is enabled.
    """


@command.command("list")
@output.output_option
@pass_session
def listing(session: Session, form: str) -> None:
    """List keys, without their secrets."""
    found = session.client.get("/v1/api-keys")["api_keys"]
    if form == "json":
        output.print_json({"api_keys": found})
    else:
        output.print_table(("ID", "NAME", "STATE", "CREATED"), [_row(key) for key in found])


def _row(key: dict[str, Any]) -> tuple[object, ...]:
    state = "enabled" if key["enabled"] else "disabled"
    return (key["secret_id"], key["name"], state, output.local_time(key["created"]))


@command.command("create")
@click.argument("name", type=NewName())
@output.output_option
@pass_session
def create(session: Session, name: str, form: str) -> None:
    """Make a key.

    Its secret is shown this once.

    \b
    Example:
      vmsim key-id create ci
    """
    made = session.client.post("/v1/api-keys", {"name": name})
    if form == "json":
        output.print_json(made)
        return
    key = made["api_key"]
    output.print_facts([("name", key["name"]), ("id", key["secret_id"]), ("secret", made["secret_key"])])


@command.command("disable")
@click.argument("name", type=Word())
@output.output_option
@pass_session
def disable(session: Session, name: str, form: str) -> None:
    """Let a key in no more, by its id or name.

    The last enabled one stays.
    """
    _gone(session.client.post(f"/v1/api-keys/{segment(name)}/disable", repeatable=True)["api_key"], "disabled", form)


@command.command("delete")
@click.argument("name", type=Word())
@output.output_option
@pass_session
def delete(session: Session, name: str, form: str) -> None:
    """Delete a key, by its id or name.

    The last enabled one stays.
    """
    _gone(session.client.delete(f"/v1/api-keys/{segment(name)}")["api_key"], "deleted", form)


def _gone(key: dict[str, Any], what: str, form: str) -> None:
    if form == "json":
        output.print_json({"api_key": key})
    else:
        click.echo(f"{key['name']} ({key['secret_id']}) is {what}.")
