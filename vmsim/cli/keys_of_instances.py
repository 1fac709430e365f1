"""`vmsim bind-key` and `vmsim unbind-key`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from vmsim.cli import names, verbs
from vmsim.cli.errors import one_line
from vmsim.cli.options import Word, force_option, wait_option
from vmsim.cli.output import output_option
from vmsim.cli.session import Session, pass_session
from vmsim.client import Client
from vmsim.model.errors import NotFound, VmsimError
from vmsim.model.lifecycle import Verb

_KEY = click.option(
    "--key",
    "keys",
    type=Word(),
    metavar="KEY",
    multiple=True,
    help="Name or id; the home's own key by default. May be repeated.",
)


@click.command("bind-key")
@names.names_argument
@_KEY
@force_option
@wait_option
@output_option
@pass_session
def bind(session: Session, given: tuple[str, ...], keys: tuple[str, ...], force: bool, wait: bool, form: str) -> None:
    """Let SSH keys in.

    The instance must be stopped, and stays so. While a key is bound, SSH takes no password.

    \b
    Example:
      vmsim bind-key web-1 --key laptop
    """
    _carry_out(session, given, keys, verbs.Plan(Verb.ASSOCIATE_KEYS, "key bound", force=force, wait=wait), form)


@click.command("unbind-key")
@names.names_argument
@_KEY
@force_option
@wait_option
@output_option
@pass_session
def unbind(session: Session, given: tuple[str, ...], keys: tuple[str, ...], force: bool, wait: bool, form: str) -> None:
    """Keep SSH keys out again.

    The instance must be stopped, and stays so. Without a key, SSH takes the password.

    \b
    Example:
      vmsim unbind-key web-1 --key laptop
    """
    plan = verbs.Plan(Verb.DISASSOCIATE_KEYS, "key unbound", force=force, wait=wait)
    _carry_out(session, given, keys, plan, form)


def _carry_out(session: Session, given: Sequence[str], keys: Sequence[str], plan: verbs.Plan, form: str) -> None:
    """Keys are separate by region, so each region's instances are asked with that region's key ids."""
    client = session.client
    if not given:
        raise click.UsageError("Give one or more names or ids.")
    regions: dict[str, list[str]] = {}
    missing: list[verbs.Result] = []
    for name in given:
        try:
            found = names.one(client, name)
            regions.setdefault(found["region"], []).append(found["id"])
        except VmsimError as error:
            missing.append(verbs.Result(name, error=error, text=one_line(error)))
    results = list(missing)
    for region, ids in regions.items():
        arguments = {"key_ids": key_ids(client, region, keys)}
        own = verbs.Plan(plan.verb, plan.done, arguments, force=plan.force, wait=plan.wait)
        results += verbs.results(client, ids, False, own)
    verbs.report(results, form)


def key_ids(client: Client, region: str, wanted: Sequence[str]) -> list[str]:
    """The ids of keys by name or id; without any, of the home's own."""
    known: list[dict[str, Any]] = client.get("/v1/keys", region=region)["keys"]
    if not wanted:
        own = [key["id"] for key in known if key["default"]]
        if not own:
            raise click.UsageError(f"This home has no key of its own in {region} yet; name one with --key.")
        return own[:1]
    found = []
    for word in wanted:
        matching = [key["id"] for key in known if word in (key["id"], key["name"])]
        if not matching:
            raise NotFound("key", word, hint=f"`vmsim key list --region {region}` shows those of {region}.")
        found += matching[:1]
    return found
