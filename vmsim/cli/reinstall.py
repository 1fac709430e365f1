"""`vmsim reinstall`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click

from vmsim.cli import names, verbs
from vmsim.cli.keys_of_instances import key_ids
from vmsim.cli.options import Gibibytes, Seconds, Word, new_password, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, interactive, pass_session
from vmsim.model.lifecycle import Verb


@click.command("reinstall")
@names.name_argument
@click.option("--image", type=Word(), metavar="IMAGE", default="", help="Name or id; its present one by default.")
@click.option("--disk-size", type=Gibibytes(), default=None, help="Grow the system disk, too.")
@click.option("--host-name", type=Word(), metavar="NAME", default=None, help="It keeps its host name by default.")
@click.option("--key", "keys", type=Word(), metavar="KEY", multiple=True, help="SSH key; the home's own by default.")
@click.option("--password-stdin", is_flag=True, help="A password instead of a key, read from standard input.")
@click.option("--user-data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="First-boot data.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@wait_option
@click.option("--limit", type=Seconds(), metavar="SECONDS", help="How long a boot may stand still.")
@output_option
@pass_session
def command(
    session: Session, /, name: str, yes: bool, wait: bool, limit: float | None, form: str, **wanted: Any
) -> None:
    """Put a fresh system on an instance's system disk.

    What was on it is gone; data disks and addresses stay. It ends running, with a new login and a new host key.
    Asks first; without a terminal it needs --yes.

    \b
    Examples:
      vmsim reinstall web-1
      vmsim reinstall web-1 --image tiny --disk-size 20 --yes
    """
    found = names.one(session.client, name)
    if wanted["keys"] and wanted["password_stdin"]:
        raise click.UsageError("--password-stdin and --key exclude each other: SSH takes no password with a key.")
    if not yes:
        _confirm(names.label(found))
    password = new_password(True) if wanted["password_stdin"] else ""
    keys = key_ids(session.client, found["region"], wanted["keys"]) if wanted["keys"] else []
    arguments = _arguments(wanted, password, keys)
    patience = session.settings.boot_limit if limit is None else limit
    plan = verbs.Plan(Verb.REINSTALL, "reinstalled", arguments, wait=wait, then_login=patience if wait else None)
    verbs.carry_out(session, [found["id"]], False, plan, form)


def _arguments(wanted: dict[str, Any], password: str, keys: list[str]) -> dict[str, Any]:
    user_data = wanted["user_data"]
    return {
        "image": wanted["image"],
        "size_gib": wanted["disk_size"] or 0,
        "host_name": wanted["host_name"],
        "user_data": base64.b64encode(user_data.read_bytes()).decode() if user_data else None,
        "password": password,
        "key_ids": keys,
        "default_key": not password and not keys,
    }


def _confirm(what: str) -> None:
    if not interactive():
        raise click.UsageError("There is no terminal to ask on; --yes reinstalls without asking.")
    click.confirm(f"Reinstall {what} and lose what is on its system disk?", abort=True, err=True)
