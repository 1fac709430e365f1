"""The slow way, for every other file system (xfs, btrfs, LVM, …): libguestfs's guestmount.

It boots a small appliance (some 10 s under emulation), finds the root by itself and shows it as a folder, so that the
same code edits it as with ext4. Not installed by default. It would pick KVM wherever /dev/kvm opens, and hang where
that is not usable: emulation is forced unless the caller knows better.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vmsim.host import command
from vmsim.host.guest_disk.block_export import wait_for
from vmsim.model.errors import CommandFailed, HostError

_LAUNCH_LIMIT = 240.0


@contextmanager
def mounted(disk: Path, folder: Path, *, kvm: bool) -> Iterator[Path]:
    """The guest's root under `folder`, its other file systems below; ends when everything is written."""
    if command.find("guestmount") is None:
        raise HostError(
            "The guest's root is not an ext file system, and libguestfs is not installed.",
            hint="sudo apt-get install guestmount",
        )
    settings = {"LIBGUESTFS_BACKEND": "direct"} | ({} if kvm else {"LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"})
    outside = folder.stat().st_dev
    argv = ["guestmount", "--format=qcow2", "-a", str(disk), "-i", "--rw", "--no-fork", str(folder)]
    server = command.start(argv, env=settings)
    try:
        wait_for(lambda: folder.stat().st_dev != outside, server, "guestmount", limit=_LAUNCH_LIMIT)
        yield folder
        command.run(["umount", folder])
        if server.wait() != 0:
            raise CommandFailed(["guestmount"], server.returncode, "")
    finally:
        if server.poll() is None:
            server.kill()


def file_system(disk: Path, start: int) -> str:
    """The type that is there, in blkid's words, or "" for none."""
    probe = ["blkid", "--probe", "--offset", str(start), "--output", "value", "--match-tag", "TYPE", str(disk)]
    return command.run(probe, check=False).stdout.strip()
