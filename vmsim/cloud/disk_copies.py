"""Disks' contents in files that depend on no other: of a running guest as of one moment, of disks at rest exactly.

A running guest's disks are written out by its own QEMU (host/backup.py) and nobody waits for that: the guest may be
stopped meanwhile, and then they are copied at rest instead. A copy at rest has the machine for itself. Each copy is
made under a temporary name (`half`) and gets its own with `publish`, so a file that is there is whole; what a killed
daemon left half made is begun again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vmsim.cloud.context import Cloud
from vmsim.host import backup, qcow2
from vmsim.host.guest_disk import atomic
from vmsim.model.disk import Disk
from vmsim.model.errors import NotFound, OperationFailed
from vmsim.model.instance import Instance
from vmsim.store import disks, instances

Step = Callable[[str], None]
Progress = Callable[[int], None]
"""Told how many percent are done."""

_ATTEMPTS = 5
"""A guest may be switched on and off under it; a libvirtd that died takes its word about the job with it."""


def half(whole: Path) -> Path:
    """Where a file is made before it is whole."""
    return whole.with_name(whole.name + ".new")


def take(cloud: Cloud, files: Mapping[str, Path], step: Step, progress: Progress, *, held: str = "") -> bool:
    """Copy disks (by id, all of one instance or of none) to `files`. True: as of one moment of a running guest.

    `held` is the instance whose machine the caller is alone at already.
    """
    for path in files.values():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(_ATTEMPTS):
        found, instance = _now(cloud, files)
        if instance is not None and cloud.domains.status(instance.uuid).active:
            if _live(cloud, instance, found, files, step, progress):
                return True
        elif _at_rest(cloud, found, instance, files, step, progress, held=held):
            return False
    raise OperationFailed(f"The contents of {', '.join(files)} could not be copied: the guest did not keep still.")


def publish(paths: Sequence[Path]) -> None:
    """Make the copies of these whole: each has its name at once or not at all, and what has it is on the disk."""
    for path in paths:
        qcow2.sync(half(path))
        half(path).replace(path)
        qcow2.sync(path.parent)


def link(source: Path, target: Path) -> None:
    """The same contents under another name, by a link where both are on one file system: neither ever changes."""
    new = half(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    try:
        os.link(source, new)
    except OSError:
        shutil.copyfile(source, new)
    publish([target])
    new.unlink(missing_ok=True)  # two links of one file: renaming one to the other leaves both


def _now(cloud: Cloud, files: Mapping[str, Path]) -> tuple[list[Disk], Instance | None]:
    with cloud.store.reading() as connection:
        known = disks.by_ids(connection, list(files))
        for ident in files:
            if ident not in known:
                raise NotFound("disk", ident)
        found = [known[ident] for ident in files]
        owner = found[0].instance_id
        return found, instances.one(connection, owner) if owner else None


def _live(
    cloud: Cloud,
    instance: Instance,
    found: Sequence[Disk],
    files: Mapping[str, Path],
    step: Step,
    progress: Progress,
) -> bool:
    with cloud.live_copies.on(instance.id):
        backup.abandon(cloud.domains, instance.uuid)
        _clear(files)
        step("live")
        taken = backup.take(
            cloud.domains, instance.uuid, {disk.target: files[disk.id] for disk in found}, progress
        ) and all(path.exists() for path in files.values())
        if taken:
            step("copied")
        return taken


def _at_rest(
    cloud: Cloud,
    found: Sequence[Disk],
    instance: Instance | None,
    files: Mapping[str, Path],
    step: Step,
    progress: Progress,
    *,
    held: str,
) -> bool:
    owner = instance.id if instance is not None else ""
    with cloud.hands.on("" if owner == held else owner):
        if instance is not None and cloud.domains.status(instance.uuid).active:
            return False
        if _now(cloud, files)[0] != list(found):
            return False
        _clear(files)
        step("at-rest")
        for number, disk in enumerate(found):
            source = Path(disk.path)
            if atomic.interrupted(source):
                atomic.recover(source)
            qcow2.copy(source, files[disk.id], progress=_part(progress, number, len(found)))
        step("copied")
        return True


def _part(progress: Progress, number: int, count: int) -> Progress:
    return lambda percent: progress((100 * number + percent) // count)


def _clear(files: Mapping[str, Path]) -> None:
    for path in files.values():
        path.unlink(missing_ok=True)
