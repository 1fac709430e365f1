"""`vmsim launch`."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import click

from vmsim.cli import errors, follow, names, output
from vmsim.cli.keys_of_instances import key_ids
from vmsim.cli.options import Gibibytes, NewName, Seconds, Word, new_password, region_option, wait_option
from vmsim.cli.session import Sayer, Session, pass_session, say
from vmsim.cli.verbs import exit_code
from vmsim.lab import images
from vmsim.model.regions import REGIONS

_PUBLIC_BANDWIDTH = 10


@click.command("launch")
@click.argument("name", metavar="[NAME]", type=NewName(), default="")
@click.option("-n", "--count", type=click.IntRange(1, 100), default=1, help="How many; they are numbered.")
@click.option("--image", type=Word(), metavar="IMAGE", default="", help="Name or id; the tiny image by default.")
@click.option(
    "--type", "type_name", type=Word(), metavar="TYPE", default="", help="The smallest the image allows by default."
)
@click.option("--disk-size", type=Gibibytes(), default=None, help="System disk; the image's own size by default.")
@click.option("--data-disk", "data_disks", type=Gibibytes(), multiple=True, help="Add a data disk. May be repeated.")
@click.option("--public", is_flag=True, help=f"With a public address, of {_PUBLIC_BANDWIDTH} Mbit/s.")
@click.option("--host-name", type=Word(), metavar="HOST-NAME", default="", help="Of the guest; its id by default.")
@click.option(
    "--subnet", type=Word(), metavar="SUBNET", default="", help="Name or id; the zone's default one by default."
)
@click.option(
    "--group",
    "groups",
    type=Word(),
    metavar="GROUP",
    multiple=True,
    help="Security group, name or id; the default one by default. May be repeated.",
)
@click.option("--key", "keys", type=Word(), metavar="KEY", multiple=True, help="SSH key; the home's own by default.")
@click.option("--password", is_flag=True, help="Log in with a password instead of a key; asks for it.")
@click.option("--password-stdin", is_flag=True, help="The same, read from standard input.")
@click.option("--user-data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="First-boot data.")
@click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, help="May be repeated.")
@click.option("--boot-with-lab", is_flag=True, help="Start it whenever the lab has come up.")
@click.option(
    "--zone", type=Word(), metavar="ZONE", default="", help="The subnet's, else the region's first, by default."
)
@region_option
@wait_option
@click.option("--limit", type=Seconds(), metavar="SECONDS", help="How long a boot may stand still.")
@output.output_option
@pass_session
def command(session: Session, /, wait: bool, limit: float | None, form: str, **wanted: Any) -> None:
    """Make an instance and wait until one can log in.

    Needs no arguments: the tiny image (built at first use), the smallest type, a key of this home.

    \b
    Examples:
      vmsim launch
      vmsim launch web --count 3 --type LAB1.NANO256 --public
      vmsim launch db --data-disk 10 --disk-size 20 --tag role=db
    """
    region = _region(session, wanted["region"], wanted["zone"])
    password = _password(wanted)
    if wanted["image"] in ("", images.DEFAULT):
        images.ensure(images.DEFAULT, Sayer(f"image {images.DEFAULT}: "))
    request = _request(wanted, region, password)
    if wanted["keys"]:
        request["key_ids"] = key_ids(session.client, region, wanted["keys"])
    # With its token, a launch that is asked again after a broken connection makes nothing twice.
    made = session.client.post("/v1/instances", request, repeatable=True)
    patience = session.settings.boot_limit if limit is None else limit
    ended = _follow(session, made, patience) if wait else [follow.Ended("") for _ in made["instances"]]
    _report(session, made, ended, wait, form)


def _region(session: Session, region: str | None, zone: str) -> str:
    """The one named, else the zone's, else the home's."""
    of_zone = zone.rpartition("-")[0]
    return region or (of_zone if of_zone in REGIONS else session.settings.region)


def _password(wanted: dict[str, Any]) -> str:
    if not wanted["password"] and not wanted["password_stdin"]:
        return ""
    if wanted["keys"]:
        raise click.UsageError("--password and --key exclude each other: SSH takes no password while a key is bound.")
    return new_password(wanted["password_stdin"])


def _request(wanted: dict[str, Any], region: str, password: str) -> dict[str, Any]:
    """LaunchRequest as JSON."""
    user_data = wanted["user_data"].read_bytes() if wanted["user_data"] else b""
    return {
        "region": region,
        "zone": wanted["zone"],
        "image": wanted["image"],
        "type_name": wanted["type_name"],
        "count": wanted["count"],
        "name": wanted["name"],
        "host_name": wanted["host_name"],
        "system_disk_gib": wanted["disk_size"] or 0,
        "data_disks": [{"size_gib": size} for size in wanted["data_disks"]],
        "subnet_id": wanted["subnet"],
        "security_group_ids": list(wanted["groups"]),
        "bandwidth_out": _PUBLIC_BANDWIDTH if wanted["public"] else 0,
        "password": password,
        "default_key": not password and not wanted["keys"],
        "user_data": base64.b64encode(user_data).decode(),
        "tags": dict(map(_tag, wanted["tags"])),
        "boot_with_lab": wanted["boot_with_lab"],
        "client_token": secrets.token_hex(16),
    }


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.UsageError(f"--tag {text!r} is not KEY=VALUE.")
    return key, value


def _follow(session: Session, made: dict[str, Any], patience: float) -> list[follow.Ended]:
    """Wait for each: made, then up."""
    client = session.client
    by_instance = {operation["instance_id"]: operation for operation in made["operations"]}

    def job(item: dict[str, Any]) -> follow.Job:
        def work(show: follow.Show) -> dict[str, Any]:
            settled = follow.operation(client, by_instance[item["id"]], show)
            follow.login(client, item["id"], patience, show)
            return settled

        return follow.Job(names.label(item), work)

    return follow.side_by_side([job(item) for item in made["instances"]])


def _report(session: Session, made: dict[str, Any], ended: list[follow.Ended], wait: bool, form: str) -> None:
    # Asked again: by now they have their states and addresses. A failed one is still there, with its log.
    now = [names.one(session.client, item["id"]) for item in made["instances"]]
    if form == "json":
        shown = [
            {"instance": item, "error": result.error and errors.sentence(result.error)}
            for item, result in zip(now, ended, strict=True)
        ]
        output.print_json({"request_id": made["request_id"], "launched": shown})
    else:
        for item, result in zip(now, ended, strict=True):
            _print(session, item, result, wait)
    raise click.exceptions.Exit(exit_code([result.error for result in ended]))


def _print(session: Session, item: dict[str, Any], result: follow.Ended, wait: bool) -> None:
    if result.error is not None:
        say(f"{names.label(item)}: {errors.sentence(result.error)}")
        return
    addresses = f"{item['private_ip']}" + (f", public {item['public_ip']}" if item["public_ip"] else "")
    up = f", {item['rung_words']} ({result.seconds:.1f} s)" if wait else ""
    click.echo(f"{item['id']}  {item['name']}  {addresses}  {item['state']}{up}")
    meant = names.word(session.client, item)
    click.echo(f"Log in: vmsim ssh {meant}" if wait else f"Under way: vmsim show {meant}")
