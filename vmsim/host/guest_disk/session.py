"""The editing process: one job on one disk, in a mount and PID namespace of its own (child.py starts it).

Reads the job as JSON from standard input, writes the answer as JSON to standard output. It is the namespace's first
process: when it ends, however it ends, the kernel ends the storage daemon and the FUSE servers and drops every mount.
It imports little, for its start is part of every edit's time.

    export the whole disk -> partitions, root -> (grow the partition) -> end the export
    export the root's partition -> e2fsck -> (resize2fs) -> fuse2fs -> chroot, edits -> unmount -> e2fsck -fn -> end

Two exports one after the other, because a disk has one writer at a time.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vmsim.host import command
from vmsim.host.guest_disk import ext4, guestfs
from vmsim.host.guest_disk.apply import apply, demand_one_file_system
from vmsim.host.guest_disk.block_export import exported
from vmsim.host.guest_disk.edits import EditReport, Edits, GuestDiskFacts, from_json
from vmsim.host.guest_disk.guest_files import inside
from vmsim.host.guest_disk.partitions import Partition, grow, partitions
from vmsim.model.errors import HostError, UsageError, VmsimError

# A folder that every Linux has and where no disk is kept: a small memory file system over it, in our namespace only,
# holds the mount points, so that nothing is left on the host's disk whatever happens.
_SCRATCH = Path("/sys")
_FILE, _FOLDER = _SCRATCH / "disk", _SCRATCH / "root"


@dataclass(frozen=True)
class Layout:
    """What the look at the whole disk found."""

    root: ext4.ExtPartition | None
    other: str
    """The file system's type where there is no ext root."""
    note: str
    """Why it was not grown, if it was asked for."""
    grown: bool


def edit(job: dict[str, Any]) -> EditReport:
    disk, edits = Path(job["disk"]), from_json(job["edits"])
    layout = _layout(disk, edits)
    notes = (layout.note,) if layout.note else ()
    if layout.root is not None:
        _edit_ext(disk, layout, edits, verify=job["verify"])
        return EditReport(layout.root.state.kind, layout.grown, notes)
    if edits.changes_files:
        with guestfs.mounted(disk, _FOLDER, kvm=job["kvm"]) as root, inside(root):
            apply(edits)
    return EditReport(layout.other, False, notes)


def inspect(job: dict[str, Any]) -> GuestDiskFacts:
    with exported(Path(job["disk"]), _FILE, writable=False) as whole:
        found = partitions(whole)
        candidates = ext4.ext_partitions(whole, found)
        root = ext4.root_of(whole, candidates)
        if root is not None:
            return GuestDiskFacts(root.state.kind, root.state.clean, ext4.os_release(whole, root))
        if candidates:
            return GuestDiskFacts(candidates[0].state.kind, candidates[0].state.clean, {})
        return GuestDiskFacts(_other(whole, found), None, {})


def _layout(disk: Path, edits: Edits) -> Layout:
    with exported(disk, _FILE, writable=edits.fill_disk) as whole:
        found = partitions(whole)
        candidates = ext4.ext_partitions(whole, found)
        root = ext4.root_of(whole, candidates)
        if root is None and not edits.changes_files and len(candidates) == 1:
            root = candidates[0]  # a data disk: nothing inside is edited, there is only one thing to grow
        if root is None:
            kind = _other(whole, found)
            return Layout(None, kind, _left_to_guest(kind) if edits.fill_disk else "", False)
        if not edits.fill_disk:
            return Layout(root, "", "", False)
        return _grown(whole, root)


def _grown(whole: Path, root: ext4.ExtPartition) -> Layout:
    partition = root.partition
    if partition.fixed_because:
        note = f"Partition {partition.number} stays as big as it is: {partition.fixed_because}."
        return Layout(root, "", note, False)
    if partition.number:
        partition = grow(whole, partition.number)
    return Layout(ext4.ExtPartition(partition, root.state), "", "", True)


def _edit_ext(disk: Path, layout: Layout, edits: Edits, *, verify: bool) -> None:
    assert layout.root is not None
    with exported(disk, _FILE, layout.root.partition.stretch) as file:
        if layout.grown:
            ext4.fill(file)
        else:
            ext4.repair(file)
        if edits.changes_files:
            with ext4.mounted(file, _FOLDER) as root, inside(root):
                demand_one_file_system(edits)
                apply(edits)
        if verify:
            ext4.verify(file)


def _other(whole: Path, found: list[Partition]) -> str:
    """What the biggest partition holds."""
    if not found:
        return ""
    return guestfs.file_system(whole, max(found, key=lambda each: each.stretch.size).stretch.start)


def _left_to_guest(kind: str) -> str:
    what = f"its {kind} file system" if kind else "its partitions and file systems"
    return f"The disk is bigger now; the guest has to grow {what} itself (cloud-init's growpart does at boot)."


def main() -> int:
    job = json.load(sys.stdin)
    try:
        command.run(["mount", "-t", "tmpfs", "-o", "mode=0700,size=1m", "vmsim", _SCRATCH])
        _FOLDER.mkdir()
        answer: dict[str, Any] = {"report": asdict(edit(job) if job["task"] == "edit" else inspect(job))}
    except VmsimError as error:
        kind = "UsageError" if isinstance(error, UsageError) else "HostError"
        answer = {"error": kind, "message": error.message, "hint": error.hint, "code": error.code}
    except OSError as error:
        answer = {"error": HostError.__name__, "message": f"The guest's disk: {error}.", "hint": "", "code": ""}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
