"""Changing a stopped guest's disk so that a crash at any moment leaves the old one or the new one.

    overlay             DISK.edit, an empty overlay of DISK            crash: recover() removes it
    edit                the changes, in the overlay                     crash: the same
    check               file system and image are whole, and on disk    crash: the same
    point-of-no-return  DISK.edit is renamed DISK.commit                from here on the answer is "new"
    commit              its clusters are written into DISK              crash: recover() commits again, to the same end
    delete              DISK.commit goes                                crash: the same

`recover` runs at a start after a crash, before the disk is used, and at the head of each edit. What edits dies with
its caller (child.py, qcow2.commit); should it still be dying, its lock on the image is waited for.
The work that a fresh clone needs goes without the overlay (`edit_new`): a clone that fails is thrown away whole.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vmsim.host import qcow2
from vmsim.host.guest_disk import child
from vmsim.host.guest_disk.edits import EditReport, Edits, GuestDiskFacts
from vmsim.model.errors import HostError, OutOfResources, UsageError

Step = Callable[[str], None]
STEPS = ("overlay", "edit", "check", "point-of-no-return", "commit", "delete")
NOTHING, ROLLED_BACK, COMMITTED = "nothing", "rolled-back", "committed"

_RESERVE = 2 * 2**30
_AN_EDIT_WRITES = 64 * 2**20
# Growing writes group descriptors and bitmaps: two blocks and an inode table, mostly unwritten, for each 128 MiB.
_GROWING_WRITES = 1 / 512
_DYING_LIMIT = 10.0
_PAUSE = 0.01


def ignore(step: str) -> None:
    """The step switch of everybody but the crash tests."""


def edit(disk: Path, edits: Edits, *, step: Step = ignore, kvm: bool = False) -> EditReport:
    """Make the changes, all or none. `kvm`: libguestfs may use it (file systems other than ext only).

    Raises InUse while something holds the disk, OutOfResources, UsageError (no such user), HostError.
    """
    return _atomically(disk.absolute(), None, edits, step, kvm)


def edit_new(disk: Path, edits: Edits, *, kvm: bool = False) -> EditReport:
    """The same, in place: for a fresh clone, which its caller throws away when this raises or never returns."""
    qcow2.refuse_if_held(disk)
    _demand_space(disk, _AN_EDIT_WRITES + _growth(disk, None, edits))
    report = child.edit(disk.absolute(), edits, verify=False, kvm=kvm)
    qcow2.sync(disk)
    return report


def resize(disk: Path, size_bytes: int, fill: bool, *, step: Step = ignore) -> EditReport:
    """Make the disk bigger and, if `fill`, its last partition and ext file system; `notes` say what the guest must do.

    Raises UsageError when it would be smaller, and what `edit` raises.
    """
    recover(disk)
    now = qcow2.info(disk, shared=True).virtual_size
    if size_bytes < now:
        raise UsageError(f"The disk has {now / 2**30:g} GiB and cannot be made smaller ({size_bytes / 2**30:g} GiB).")
    return _atomically(disk.absolute(), size_bytes, Edits(fill_disk=fill), step, kvm=False)


def recover(disk: Path) -> str:
    """Finish or undo what a crash left: NOTHING, ROLLED_BACK or COMMITTED. Running it twice is harmless."""
    disk = disk.absolute()
    overlay, committing = _beside(disk)
    outcome = NOTHING
    if overlay.exists():
        _wait_until_free(overlay)
        overlay.unlink()
        outcome = ROLLED_BACK
    if committing.exists():
        _wait_until_free(committing)
        _finish(committing, ignore)
        outcome = COMMITTED
    if disk.exists() and qcow2.lock_holder(disk) is None:
        qcow2.repair_leaks(disk)
    return outcome


def inspect(disk: Path) -> GuestDiskFacts:
    """What is on a stopped disk, and whether its file system was left clean. Changes nothing."""
    qcow2.refuse_if_held(disk)
    return child.inspect(disk.absolute())


def _atomically(disk: Path, size_bytes: int | None, edits: Edits, step: Step, kvm: bool) -> EditReport:
    recover(disk)
    qcow2.refuse_if_held(disk)
    _demand_space(disk, 2 * (_AN_EDIT_WRITES + _growth(disk, size_bytes, edits)))
    overlay, committing = _beside(disk)
    step("overlay")
    with _removed_on_failure(overlay):
        qcow2.create_overlay(overlay, disk, size_bytes)
        step("edit")
        report = child.edit(overlay, edits, verify=True, kvm=kvm) if edits != Edits() else EditReport("")
        step("check")
        _demand_whole(overlay)
        qcow2.sync(overlay)
        _demand_space(disk, qcow2.info(overlay).actual_size)
        step("point-of-no-return")
        overlay.rename(committing)
        qcow2.sync(disk.parent)
    step("commit")
    _finish(committing, step)
    return report


def _finish(committing: Path, step: Step) -> None:
    qcow2.commit(committing)
    step("delete")
    committing.unlink()
    qcow2.sync(committing.parent)


def interrupted(disk: Path) -> bool:
    """Is there anything for `recover` to do? Much cheaper than asking it."""
    return any(path.exists() for path in _beside(disk.absolute()))


def _beside(disk: Path) -> tuple[Path, Path]:
    return disk.with_name(disk.name + ".edit"), disk.with_name(disk.name + ".commit")


@contextmanager
def _removed_on_failure(overlay: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        overlay.unlink(missing_ok=True)
        raise


def _demand_whole(overlay: Path) -> None:
    result = qcow2.check(overlay)
    if not result.clean:
        raise HostError(f"The edited disk is not whole: {result.text}")


def _growth(disk: Path, size_bytes: int | None, edits: Edits) -> int:
    if not edits.fill_disk:
        return 0
    return int((size_bytes or qcow2.info(disk).virtual_size) * _GROWING_WRITES)


def _demand_space(disk: Path, needed: int) -> None:
    free = shutil.disk_usage(disk.parent).free
    if free < needed + _RESERVE:
        raise OutOfResources(
            f"{disk.parent} has {free / 2**20:.0f} MiB free; this needs {needed / 2**20:.0f} MiB "
            f"and leaves {_RESERVE / 2**20:.0f} MiB alone.",
            hint="Delete images, snapshots or instances that are not needed.",
        )


def _wait_until_free(image: Path) -> None:
    deadline = time.monotonic() + _DYING_LIMIT
    while qcow2.lock_holder(image) is not None:
        if time.monotonic() > deadline:
            qcow2.refuse_if_held(image)
        time.sleep(_PAUSE)
