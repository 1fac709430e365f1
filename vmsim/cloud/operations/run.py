"""Run: make a new machine and start it. Journalled by its steps; whatever fails, `undo` leaves nothing behind.

The record, its disks and its addresses were reserved when the request was accepted. Here the clone is made and edited
(name, host key, login: so nothing in it is another guest's), then the lease, the machine and its start. Run again after
a crash of the daemon, it begins with a fresh clone unless the machine was defined already.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import images, removal
from vmsim.cloud.context import Cloud
from vmsim.cloud.first_boot import first_edits
from vmsim.cloud.jobs.create_disk import copy_snapshot
from vmsim.cloud.power_on import power_on
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host import qcow2, ssh
from vmsim.host.domain import DomainState
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.edits import HostKey
from vmsim.model.errors import OperationFailed, VmsimError
from vmsim.model.instance import Instance
from vmsim.model.readiness import Rung
from vmsim.store import instances

log = logging.getLogger(__name__)


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    return given


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    return given


def perform(work: Work) -> Outcome:
    instance = work.instance()
    failure = work.current().evidence.get("failure")
    if failure:
        undo(work)
        raise OperationFailed(failure)
    try:
        if work.cloud.domains.status(instance.uuid).state is DomainState.ABSENT:
            _make_disks(work, instance)
            instance = work.instance()
        power_on(work, instance)
    except VmsimError as error:
        failure = f"Instance {instance.id} could not be made: {error.message} {error.hint}".strip()
        # From here on it is undone, whatever interrupts: a half undone launch must not succeed.
        work.evidence(failure=failure)
        undo(work)
        raise OperationFailed(failure) from error
    return Outcome(success=True, reason="launched", changes={"rung": Rung.STARTED})


def undo(work: Work) -> None:
    """Nothing of it stays but the record and the log of why. What cannot be removed now, housekeeping removes."""
    instance = work.instance()
    work.step("undo", "removing what was made")
    try:
        work.cloud.domains.destroy(instance.uuid)
        removal.remove(work.cloud, instance, work.step, keep_log=True)
    except (VmsimError, OSError) as error:
        log.warning("%s: not all of it could be removed: %s", instance.id, error)
        work.evidence(left_over=str(error))


def _make_disks(work: Work, instance: Instance) -> None:
    image = images.file_of(work.cloud, instance.image_id)
    folder = work.cloud.home.instance(instance.id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    work.step("disk", "cloning the image")
    for disk in instance.disks:
        Path(disk.path).unlink(missing_ok=True)
        if disk.system:
            qcow2.create_overlay(Path(disk.path), image, disk.size_gib * 2**30)
        elif disk.snapshot_id:
            copy_snapshot(work.cloud, disk.snapshot_id, Path(disk.path), disk.size_gib * 2**30)
        else:
            qcow2.create_empty(Path(disk.path), disk.size_gib * 2**30)
    work.step("edit", "writing name, keys and login to the disk")
    key = ssh.generate_key()
    atomic.edit_new(
        Path(instance.system_disk.path), first_edits(work.cloud, instance, HostKey(key.private, key.public))
    )
    with work.cloud.store.writing() as connection:
        instances.change(connection, instance.id, host_key=key.public)
