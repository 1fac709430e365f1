"""Grow a disk: the image file, and for the system disk its last partition and file system too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, capacity
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import offline
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host.guest_disk import atomic
from vmsim.model.errors import NotFound, UsageError, VmsimError
from vmsim.model.instance import Disk, Instance
from vmsim.store import disks

WRITTEN = 64 * 2**20
"""New file system tables; the rest of a thin disk is only promised."""
MOST_GIB = 32000


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    """`disk_id` "" means the system disk."""
    arguments.known(given, "disk_id", "size_gib")
    return {"disk_id": given.get("disk_id") or "", "size_gib": arguments.whole(given, "size_gib")}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    disk = disk_of(instance, given["disk_id"])
    size = given["size_gib"]
    if size <= disk.size_gib:
        raise UsageError(
            f"Disk {disk.id} has {disk.size_gib} GiB; {size} GiB were asked for, and a disk only grows.",
            code="InvalidParameterValue",
        )
    if size > MOST_GIB:
        raise UsageError(f"A disk has at most {MOST_GIB} GiB; {size} were asked for.", code="InvalidParameterValue")
    capacity.check_disk(cloud, WRITTEN)
    return {**given, "disk_id": disk.id}


def perform(work: Work) -> Outcome:
    """The new size is shown when the operation has ended, not before: Terraform goes on as soon as it sees it."""
    given = work.record.arguments
    grown = {given["disk_id"]: {"size_gib": given["size_gib"]}}

    def edit(instance: Instance) -> dict[str, Any]:
        disk = disk_of(instance, given["disk_id"])
        work.step("resize", f"growing {disk.id} to {given['size_gib']} GiB")
        found = atomic.resize(
            Path(disk.path),
            given["size_gib"] * 2**30,
            fill=disk.system,
            step=lambda name: work.step(f"resize.{name}"),
        )
        work.evidence(disk={"disk_id": disk.id, "file_system_grown": found.filled, "notes": list(found.notes)})
        return {}

    try:
        return replace(offline.perform(work, edit), disks=grown if _is_grown(work) else {})
    except VmsimError:
        # The guest could not be started again; its disk has grown all the same.
        if _is_grown(work):
            with work.cloud.store.writing() as connection:
                disks.change(connection, given["disk_id"], size_gib=given["size_gib"])
        raise


def _is_grown(work: Work) -> bool:
    return "disk" in work.current().evidence


def disk_of(instance: Instance, disk_id: str) -> Disk:
    """ "" is the system disk."""
    if not disk_id:
        return instance.system_disk
    for disk in instance.disks:
        if disk.id == disk_id:
            return disk
    raise NotFound(
        "disk",
        disk_id,
        hint=f"Instance {instance.id} has {', '.join(one.id for one in instance.disks)}.",
        code="InvalidParameterValue",
    )
