"""Put a snapshot back onto a disk of a running instance: it is stopped for it, and started again if that was asked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, capacity, rollback, snapshots
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import offline
from vmsim.cloud.snapshot_query import being_made_of
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host import qcow2
from vmsim.model.errors import NotFound
from vmsim.model.instance import Instance
from vmsim.store import snapshots as store


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "snapshot_id", "disk_id", "start_again")
    snapshot_id = arguments.text(given, "snapshot_id")
    capacity.check_disk(cloud, qcow2.contents_bytes(snapshots.file_of(cloud, snapshot_id)))
    return {
        "snapshot_id": snapshot_id,
        "disk_id": arguments.text(given, "disk_id"),
        "start_again": bool(given.get("start_again")),
    }


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    disk = {one.id: one for one in instance.disks}.get(given["disk_id"])
    if disk is None:
        raise NotFound("disk", given["disk_id"], code="InvalidDiskId.NotFound")
    snapshot = snapshots.require(connection, instance.region, given["snapshot_id"])
    rollback.check(disk, snapshot, store.where(connection, *being_made_of(disk.id)))
    rollback.mark(connection, disk, snapshot)
    return given


def perform(work: Work) -> Outcome:
    given = work.record.arguments

    def edit(_instance: Instance) -> dict[str, Any]:
        rollback.restore(
            work.cloud,
            given["disk_id"],
            given["snapshot_id"],
            lambda name: work.step(f"rollback.{name}", "putting the snapshot back"),
        )
        _release(work)
        return {}

    try:
        return offline.perform(work, edit, start_again=given["start_again"])
    finally:
        _release(work)


def _release(work: Work) -> None:
    with work.cloud.store.writing() as connection:
        rollback.release(connection, work.record.arguments["disk_id"], work.record.arguments["snapshot_id"])
