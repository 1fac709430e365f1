"""Grow a disk under a running guest, which sees a bigger device at once. What is on it is the guest's own to grow."""

from __future__ import annotations

from pathlib import Path

from vmsim.cloud.operations import resize_disk
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host.guest_disk import atomic
from vmsim.model.lifecycle import InstanceState
from vmsim.store import disks

prepare = resize_disk.prepare
check = resize_disk.check


def perform(work: Work) -> Outcome:
    """A guest that has gone off meanwhile finds the bigger disk at its next start."""
    given, instance = work.record.arguments, work.instance()
    disk = resize_disk.disk_of(instance, given["disk_id"])
    size = given["size_gib"] * 2**30
    work.step("resize", f"growing {disk.id} to {given['size_gib']} GiB under the running guest")
    running = work.cloud.domains.status(instance.uuid).active
    if running:
        work.cloud.domains.grow_disk(instance.uuid, disk.target, size)
    else:
        atomic.resize(Path(disk.path), size, fill=False, step=lambda name: work.step(f"resize.{name}"))
    work.step("record", "recording its size")
    with work.cloud.store.writing() as connection:
        disks.change(connection, disk.id, size_gib=given["size_gib"])
    return Outcome(success=True, state=None if running else InstanceState.STOPPED)
