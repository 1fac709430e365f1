"""Make an image of an instance: snapshots of its disks, and the system disk's is the image's file.

A running guest goes on and is copied as it is at one moment, all its disks at the same one; with force it is stopped
first, as for an offline edit, so that the image is what a shutdown left. Nothing else may be asked of the instance
meanwhile, which is what the cloud's matrix says of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, capacity, disk_copies, image_records, images, snapshots
from vmsim.cloud.context import Cloud
from vmsim.cloud.image_records import Wanted
from vmsim.cloud.operations import offline
from vmsim.cloud.percent import Percent
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host import qcow2
from vmsim.model.disk import Disk, DiskState
from vmsim.model.errors import Refused, UsageError, VmsimError
from vmsim.model.image import ImageState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.store import images as store
from vmsim.store import snapshots as snapshot_store

_OPTIONAL: dict[str, Any] = {"description": "", "family": "", "tags": {}, "dry_run": False, "data_disk_ids": []}


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "name", *_OPTIONAL)
    wanted = {**_OPTIONAL, **given, "name": arguments.text(given, "name")}
    Wanted.of(wanted).check()
    return wanted


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    chosen = [instance.system_disk, *_data_disks(instance, given["data_disk_ids"])]
    for disk in chosen:
        if disk.state is DiskState.ROLLBACKING:
            raise Refused(f"Disk {disk.id} is being rolled back.", code="ResourceInUse.DiskRollbacking")
        snapshots.check_none_is_made(connection, disk)
    capacity.check_disk(cloud, sum(qcow2.contents_bytes(Path(disk.path)) for disk in chosen))
    made_of = [snapshots.reserve(cloud, connection, disk, instance, name=given["name"]) for disk in chosen]
    image = image_records.reserve(
        cloud,
        connection,
        instance.region,
        Wanted.of(given),
        system=made_of[0].system,
        size_gib=made_of[0].size_gib,
        source="CREATE_IMAGE",
        state=ImageState.CREATING,
        made_of=made_of,
        instance_id=instance.id,
    )
    return {
        "name": image.name,
        "image_id": image.id,
        "files": {one.disk_id: one.path for one in made_of},
        "snapshot_ids": [one.id for one in made_of],
    }


def _data_disks(instance: Instance, wanted: Sequence[str]) -> list[Disk]:
    own = {disk.id: disk for disk in instance.disks}
    for ident in wanted:
        if ident == instance.system_disk.id:
            raise UsageError(
                f"{ident} is the system disk of {instance.id}.", code="InvalidParameter.DataDiskIdContainsRootDisk"
            )
        if ident not in own:
            raise UsageError(
                f"{ident} is no data disk of {instance.id}.",
                code="InvalidParameter.DataDiskNotBelongSpecifiedInstance",
            )
    return [own[ident] for ident in dict.fromkeys(wanted)]


def perform(work: Work) -> Outcome:
    given = work.record.arguments
    outcome = Outcome(success=False, error="vmsim has a bug.")
    try:
        outcome = _performed(work)
    except VmsimError as error:
        outcome = Outcome(success=False, error=f"{error.message} {error.hint}".strip())
        raise
    finally:
        if outcome.success:
            image_records.made(work.cloud, given["image_id"], given["snapshot_ids"])
        else:
            image_records.failed(work.cloud, given["image_id"], given["snapshot_ids"], outcome.error)
    return outcome


def _performed(work: Work) -> Outcome:
    began_running = work.record.began_in == InstanceState.RUNNING.value
    if work.record.force and began_running:
        return offline.perform(work, lambda _instance: _copy(work))
    _copy(work)
    running = work.cloud.domains.status(work.instance().uuid).active
    if running is began_running:
        return Outcome(success=True)
    state = InstanceState.RUNNING if running else InstanceState.STOPPED
    return Outcome(success=True, state=state, reason="went off while its image was made" if not running else "")


def _copy(work: Work) -> dict[str, Any]:
    given = work.record.arguments
    whole = {disk_id: Path(path) for disk_id, path in given["files"].items()}
    halves = {disk_id: disk_copies.half(path) for disk_id, path in whole.items()}
    if not all(path.exists() for path in whole.values()):
        told = Percent(work.cloud, lambda connection, percent: _tell(connection, given, percent))
        try:
            live = disk_copies.take(
                work.cloud, halves, lambda name: work.step(name, _PHASES[name]), told, held=work.record.instance_id
            )
            work.evidence(live=live)
            work.step("publish", "finishing the image")
            disk_copies.publish(list(whole.values()))
        finally:
            for path in halves.values():
                path.unlink(missing_ok=True)
    work.step("link", "finishing the image")
    system = next(iter(whole.values()))
    disk_copies.link(system, images.private_file(work.cloud, given["image_id"]))
    return {}


_PHASES = {
    "live": "copying the disks of the running guest",
    "at-rest": "copying the disks",
    "copied": "finishing the image",
}


def _tell(connection: Connection, given: dict[str, Any], percent: int) -> None:
    store.change(connection, given["image_id"], percent=percent)
    for ident in given["snapshot_ids"]:
        snapshot_store.change(connection, ident, percent=percent)
