"""`vmsim disk`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from vmsim.cli import follow, names, output
from vmsim.cli.lazy import suggestion
from vmsim.cli.options import Gibibytes, NewName, Word, of_region_option, region_option, wait_option
from vmsim.cli.session import Session, pass_session, say
from vmsim.client import Client, segment
from vmsim.model.errors import NotFound, VmsimError


def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names and ids of what there is; a lab that does not run is not started for it."""
    try:
        found = (ctx.find_object(Session) or Session()).idle_client.get("/v1/disks")["disks"]
    except (VmsimError, OSError):
        return []
    words = [word for item in found for word in (item["name"], item["id"]) if word]
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


_disk_argument = click.argument("disk", metavar="DISK", type=Word(), shell_complete=complete)


@click.group("disk")
def command() -> None:
    """List, make, attach, detach, grow and delete disks.

    A disk made here is elastic: it can be attached to instances of its zone, detached, and outlives them.
    """


@command.command("list")
@of_region_option
@output.output_option
@pass_session
def listing(session: Session, region: str | None, form: str) -> None:
    """List disks and where they are attached, system disks included."""
    client = session.client
    found = client.get("/v1/disks", region=region)["disks"]
    if form == "json":
        output.print_json({"disks": found})
    elif not found:
        say(f"There is no disk{f' in {region}' if region else ' yet'}. `vmsim disk create NAME SIZE` makes one.")
    else:
        labels = {item["id"]: names.label(item) for item in client.get("/v1/instances")["instances"]}
        heads = ("ID", "NAME", "SIZE", "STATE", "INSTANCE", "AS", "CREATED")
        output.print_table(heads, [_row(disk, labels) for disk in found])


def _row(disk: dict[str, Any], labels: dict[str, str]) -> tuple[object, ...]:
    owner = disk["instance_id"]
    at = (labels.get(owner, owner), f"vd{chr(ord('a') + disk['position'])}") if owner else ("-", "-")
    created = output.local_time(disk["created"]) if disk["created"] else "-"
    return (disk["id"], disk["name"] or "-", f"{disk['size_gib']} GiB", disk["state"], *at, created)


@command.command("create")
@click.argument("name", type=NewName())
@click.argument("size", metavar="[SIZE]", type=Gibibytes(), required=False)
@click.option(
    "--snapshot",
    type=Word(),
    metavar="SNAPSHOT",
    help="Begin with the contents of this snapshot; SIZE may be left out.",
)
@click.option("--zone", type=Word(), metavar="ZONE", help="The zone; the region's first by default, as for instances.")
@region_option
@wait_option
@output.output_option
@pass_session
def create(
    session: Session,
    name: str,
    size: int | None,
    snapshot: str | None,
    zone: str | None,
    region: str | None,
    wait: bool,
    form: str,
) -> None:
    """Make a disk of SIZE GiB. It is thin: it takes what is written to it.

    \b
    Examples:
      vmsim disk create data 100
      vmsim disk create copy --snapshot snap-3k9x0q2a
    """
    if size is None and snapshot is None:
        raise click.UsageError("Give a size in GiB, or a snapshot.")
    wanted = {"name": name, "size_gib": size, "snapshot_id": snapshot, "zone": zone, "region": region}
    body = {key: value for key, value in wanted.items() if value is not None}
    made = session.client.post("/v1/disks", body)
    ident = made["ids"][0]
    if wait:
        _follow(session.client, f"{name} ({ident})", made["jobs"])
    _print(session.client, ident, form, f"{name} ({ident}) is made.", wait)


@command.command("attach")
@_disk_argument
@names.name_argument
@click.option(
    "--delete-with-instance/--keep", "goes", default=None, help="Whether it goes when the instance is terminated."
)
@wait_option
@output.output_option
@pass_session
def attach(session: Session, disk: str, name: str, goes: bool | None, wait: bool, form: str) -> None:
    """Attach a disk to an instance, running or stopped.

    \b
    Example:
      vmsim disk attach data web-1
    """
    body = {"instance": name, **({} if goes is None else {"delete_with_instance": goes})}
    asked = _post(session.client, disk, "attach", body)
    found = asked["disk"]
    at = f"vd{chr(ord('a') + found['position'])}"
    _done(session, asked, wait, form, f"{_label(found)} is attached to {found['instance_id']} as {at}.")


@command.command("detach")
@_disk_argument
@wait_option
@output.output_option
@pass_session
def detach(session: Session, disk: str, wait: bool, form: str) -> None:
    """Detach a disk from its instance.

    A running guest is asked to let it go. Unmount it inside first: what the guest has not written yet is lost.
    """
    asked = _post(session.client, disk, "detach", {})
    _done(session, asked, wait, form, f"{_label(asked['disk'])} is detached from {asked['disk']['instance_id']}.")


@command.command("resize")
@_disk_argument
@click.argument("size", metavar="SIZE", type=Gibibytes())
@wait_option
@output.output_option
@pass_session
def resize(session: Session, disk: str, size: int, wait: bool, form: str) -> None:
    """Grow a data disk to SIZE GiB, attached or not.

    A running guest sees it at once. Partitions and file systems are left alone.
    """
    asked = _post(session.client, disk, "resize", {"size_gib": size})
    _done(session, asked, wait, form, f"{_label(asked['disk'])} has {size} GiB now.")


@command.command("delete")
@_disk_argument
@click.option("--snapshots", is_flag=True, help="Its snapshots that expire go with it.")
@output.output_option
@pass_session
def delete(session: Session, disk: str, snapshots: bool, form: str) -> None:
    """Delete a disk that is attached to nothing. A prepaid one goes to the recycle bin first."""
    found = _found(session.client, disk)
    gone = session.client.delete(f"/v1/disks/{found['id']}", snapshots=int(snapshots))
    _follow(session.client, _label(found), gone["jobs"])
    if form == "json":
        output.print_json({"disk": gone["disk"]})
    else:
        what = "is deleted" if gone["jobs"] else "is in the recycle bin; delete it again to remove it"
        click.echo(f"{_label(found)} {what}.")


def _found(client: Client, name: str) -> dict[str, Any]:
    """The disk meant. Raises NotFound with a near name."""
    try:
        found: dict[str, Any] = client.get(f"/v1/disks/{segment(name)}")["disk"]
    except NotFound as error:
        known = [item["name"] for item in client.get("/v1/disks")["disks"] if item["name"]]
        error.hint = suggestion(name, known).strip() or error.hint
        raise
    return found


def _post(client: Client, name: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = client.post(f"/v1/disks/{_found(client, name)['id']}/{verb}", body)
    return asked


def _done(session: Session, asked: dict[str, Any], wait: bool, form: str, text: str) -> None:
    if wait:
        _follow(session.client, _label(asked["disk"]), [asked["job"]])
    _print(session.client, asked["disk"]["id"], form, text, wait)


def _follow(client: Client, label: str, jobs: Sequence[dict[str, Any]]) -> None:
    """Wait for all; raises the first failure."""
    work = [follow.Job(label, lambda show, job=job: follow.job(client, job, show)) for job in jobs]  # type: ignore[misc]
    for ended in follow.side_by_side(work):
        if ended.error is not None:
            raise ended.error


def _print(client: Client, ident: str, form: str, text: str, waited: bool) -> None:
    if form == "json":
        output.print_json({"disk": client.get(f"/v1/disks/{ident}")["disk"]} if waited else {"id": ident})
    else:
        click.echo(text if waited else f"{ident}: asked for.")


def _label(disk: dict[str, Any]) -> str:
    return f"{disk['name']} ({disk['id']})" if disk["name"] else str(disk["id"])
