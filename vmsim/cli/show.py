"""`vmsim show`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import evidence, names, output
from vmsim.cli.list import state
from vmsim.cli.session import Session, pass_session
from vmsim.model import charges
from vmsim.model.publication import shown

_SHOWN_OPERATIONS = 5
_SERIAL_LINES = 15

Facts = list[tuple[str, object]]


@click.command("show")
@names.name_argument
@click.option("--password", is_flag=True, help="Show the random password that the cloud made, too.")
@output.output_option
@pass_session
def command(session: Session, name: str, password: bool, form: str) -> None:
    """Show everything about an instance.

    With its latest operations and the evidence of how a guest was stopped.

    \b
    Examples:
      vmsim show web-1
      vmsim show web-1 --password
    """
    found = names.detailed(session.client, name, password=int(password))
    if form == "json":
        output.print_json(found)
        return
    item, operations = found["instance"], found["operations"]
    images = {image["id"]: image["name"] for image in session.client.get("/v1/images")["images"]}
    keys = {key["id"]: key["name"] for key in session.client.get("/v1/keys", region=item["region"])["keys"]}
    facts = [*_machine(item, images), *_network(item), *_login(item, keys, password), *_disks(item)]
    output.print_facts([*facts, *_operations(operations), *_serial(session, item, operations)])


def _machine(item: dict[str, Any], images: dict[str, str]) -> Facts:
    return [
        ("id", item["id"]),
        ("name", item["name"]),
        ("state", state(item) + (f": {item['state_reason']}" if item["state_reason"] else "")),
        ("readiness", item["rung_words"] if item["state"] == "RUNNING" else ""),
        ("type", f"{item['type_name']} ({item['cpu']} CPU, {output.memory(item['memory_mib'])})"),
        ("image", f"{images.get(item['image_id'], 'gone')} ({item['image_id']})"),
        ("zone", item["zone"]),
        ("created", output.local_time(item["created"])),
        ("host name", item["host_name"] + (" (after its next start)" if item["pending_host_name"] else "")),
        ("tags", ", ".join(f"{name}={value}" for name, value in item["tags"].items())),
        ("charged", _charged(item)),
        ("recycle bin", _isolated(item)),
        ("ends", f"by its action timer, {output.local_time(item['terminate_at'])}" if item["terminate_at"] else ""),
        ("protected", "cannot be terminated through the API" if item["protected"] else ""),
    ]


def _charged(item: dict[str, Any]) -> str:
    """By the hour says nothing, unless the stop stopped it."""
    if item["expires"] is None:
        return "not while it is off" if item["stop_charging"] else ""
    renewed = "renewed by itself" if item["renew_flag"] == charges.AUTO_RENEW else "not renewed by itself"
    return f"in advance, until {output.local_time(item['expires'])}; {renewed}"


def _isolated(item: dict[str, Any]) -> str:
    if item["isolated_at"] is None:
        return ""
    why = "it expired" if item["isolated_source"] == charges.BY_EXPIRY else "it was terminated"
    return f"since {output.local_time(item['isolated_at'])}: {why}"


def _network(item: dict[str, Any]) -> Facts:
    return [
        ("private address", f"{item['private_ip']} ({item['vpc_id']}, {item['subnet_id']}, {item['mac']})"),
        ("public address", f"{item['public_ip']} ({item['bandwidth_out']} Mbit/s)" if item["public_ip"] else ""),
        ("security groups", ", ".join(f"{group['name']} ({group['id']})" for group in item["security_groups"])),
        ("published", "\n".join(map(_published, item["publications"]))),
    ]


def _published(each: dict[str, Any]) -> str:
    why = f" (not open: {each['error']})" if each["error"] else ""
    return f"{shown(each['address'], each['local_port'])} leads to port {each['port']}{why}"


def _login(item: dict[str, Any], keys: dict[str, str], password: bool) -> Facts:
    none = "none known: the user's own, or none" if password else ""
    return [
        ("login user", item["login_user"]),
        ("keys", ", ".join(f"{keys.get(ident, 'gone')} ({ident})" for ident in item["key_ids"])),
        ("password", item.get("password") or none),
        ("host key", item["host_key"]),
    ]


def _disks(item: dict[str, Any]) -> Facts:
    lines = [
        f"vd{chr(ord('a') + disk['position'])}  {disk['size_gib']} GiB  {disk['id']}  {disk['type']}"
        + ("" if disk["delete_with_instance"] else "  (stays when the instance is terminated)")
        for disk in item["disks"]
    ]
    return [("disks", "\n".join(lines))]


def _operations(operations: list[dict[str, Any]]) -> Facts:
    if not operations:
        return []
    latest, *older = operations[:_SHOWN_OPERATIONS]
    lines = [_operation(latest), *(f"  {text}" for text in evidence.sentences(latest))]
    return [("latest operation", "\n".join(lines)), ("before it", "\n".join(map(_operation, older)))]


def _operation(item: dict[str, Any]) -> str:
    took = evidence.seconds(item)
    how = item["phase"] if took is None else f"{took:.1f} s"
    error = f": {item['error']}" if item["error"] else ""
    when = output.local_time(item["began"])
    return f"{item['state']} {item['verb']} ({how}), {when}, asked by {evidence.asked_by(item)}{error}"


def _serial(session: Session, item: dict[str, Any], operations: list[dict[str, Any]]) -> Facts:
    """The last serial lines, when something went wrong."""
    wrong = bool(operations and operations[0]["state"] == "FAILED") or item["state"] == "LAUNCH_FAILED"
    if not wrong and item["state_reason"] != "crashed":
        return []
    lines = session.client.get(names.path(item["id"], "serial"), lines=_SERIAL_LINES)["lines"]
    return [("serial log", "\n".join(lines))]
