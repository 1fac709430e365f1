"""The fast way: ext2/3/4 by e2fsprogs, without root's mount and without libguestfs's appliance.

A guest that was unplugged leaves a journal to replay: e2fsck does so before anything else touches the file system
(fuse2fs alone fails on some such journals). fuse2fs flushes after its unmount returned: only its end is the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vmsim.host import command
from vmsim.host.guest_disk.block_export import wait_for
from vmsim.host.guest_disk.partitions import Partition
from vmsim.host.guest_disk.superblock import OFFSET, SIZE, ExtState, ext_state
from vmsim.model.errors import CommandFailed, HostError

_LONG = 300.0
_FIXED_ALL = 3  # e2fsck: bit 1 "errors corrected", bit 2 "and a running system should reboot"; anything above is bad


@dataclass(frozen=True)
class ExtPartition:
    """A partition with an ext file system, and what its superblock says."""

    partition: Partition
    state: ExtState


def ext_partitions(disk: Path, found: list[Partition]) -> list[ExtPartition]:
    """Those with ext inside, the biggest first: that is where a root usually is."""
    result = []
    with disk.open("rb") as file:
        for partition in found:
            file.seek(partition.stretch.start + OFFSET)
            state = ext_state(file.read(SIZE))
            if state is not None:
                result.append(ExtPartition(partition, state))
    return sorted(result, key=lambda each: each.partition.stretch.size, reverse=True)


def root_of(disk: Path, candidates: list[ExtPartition]) -> ExtPartition | None:
    """The one with /etc/passwd."""
    for candidate in candidates:
        if "Inode:" in _debugfs(disk, candidate, "stat /etc/passwd"):
            return candidate
    return None


def os_release(disk: Path, root: ExtPartition) -> dict[str, str]:
    """/etc/os-release is a link to the other one where it is not itself the file, and debugfs follows no last link."""
    for path in ("/usr/lib/os-release", "/etc/os-release"):
        lines = [line.partition("=") for line in _debugfs(disk, root, f"cat {path}").splitlines()]
        values = {name: value.strip("\"'") for name, equals, value in lines if equals and name.isidentifier()}
        if values:
            return values
    return {}


def repair(file: Path, *, thoroughly: bool = False) -> None:
    """Replay the journal and mend what can be mended safely. Raises HostError when a person has to look."""
    options = "-fp" if thoroughly else "-p"
    done = command.run(["e2fsck", options, file], check=False, timeout=_LONG)
    if done.returncode > _FIXED_ALL or done.returncode < 0:
        raise HostError(
            f"The guest's file system could not be repaired (e2fsck: {done.stdout.strip() or done.stderr.strip()}).",
            hint="Start the guest and let it repair itself, or restore a snapshot.",
        )


def verify(file: Path) -> None:
    """A full check that writes nothing. Raises HostError when it finds anything."""
    done = command.run(["e2fsck", "-fn", file], check=False, timeout=_LONG)
    if done.returncode != 0:
        raise HostError(f"The file system is not clean after the edit: {done.stdout.strip()}")


def fill(file: Path) -> None:
    """Grow the file system to the end of its partition."""
    repair(file, thoroughly=True)
    command.run(["resize2fs", file], timeout=_LONG)


@contextmanager
def mounted(file: Path, folder: Path) -> Iterator[Path]:
    """The file system under `folder`, writable; ends when everything is written."""
    outside = folder.stat().st_dev
    server = command.start(["fuse2fs", "-f", file, folder, "-o", "rw,fakeroot"])
    try:
        wait_for(lambda: folder.stat().st_dev != outside, server, "fuse2fs")
        yield folder
        command.run(["umount", folder])
        if server.wait() != 0:
            raise CommandFailed(["fuse2fs"], server.returncode, "")
    finally:
        if server.poll() is None:
            server.kill()  # only after a failure: what it held goes with the overlay


def _debugfs(disk: Path, which: ExtPartition, request: str) -> str:
    """Reading only, so the offset's trap (block_export.py) is not met."""
    device = f"{disk}?offset={which.partition.stretch.start}"
    return command.run(["debugfs", "-R", request, device]).stdout
