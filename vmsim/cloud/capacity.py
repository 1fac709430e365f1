"""What this host can still carry: refused before anything is made, with what is free and what was asked."""

from __future__ import annotations

from collections.abc import Iterable

import psutil
from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.model.errors import OutOfResources
from vmsim.store import instances

HOST_RESERVE_MIB = 1024
DISK_RESERVE = 2 * 2**30
WRITTEN_BY_LAUNCH = 64 * 2**20
"""A linked clone, its first edit and its first boot."""


def check_memory(connection: Connection, asked_mib: int, apart_from: Iterable[str] = ()) -> None:
    """Promised to running guests + asked must leave the host its reserve. `apart_from`: instances that count only as
    far as they are in `asked_mib`, or not yet."""
    _check_memory(asked_mib, instances.running_memory_mib(connection, apart_from))


def check_fits(asked_mib: int) -> None:
    """It could run on this host if nothing else did. What is stopped reserves nothing."""
    _check_memory(asked_mib, 0)


def _check_memory(asked_mib: int, promised: int) -> None:
    total = psutil.virtual_memory().total // 2**20
    free = max(total - HOST_RESERVE_MIB - promised, 0)
    if asked_mib > free:
        raise OutOfResources(
            f"{asked_mib} MiB of memory were asked for, {free} MiB are free: this host has {total} MiB, running "
            f"instances hold {promised} MiB, {HOST_RESERVE_MIB} MiB stay with the host.",
            hint="Stop an instance, or choose a smaller type.",
            code="ResourceInsufficient.SpecifiedInstanceType",
        )


def check_disk(cloud: Cloud, written: int) -> None:
    """Disks are thin: only what is written now counts, and the reserve."""
    free = psutil.disk_usage(str(cloud.home.root)).free
    if free < written + DISK_RESERVE:
        raise OutOfResources(
            f"{written / 2**30:.1f} GiB of disk are needed now and {DISK_RESERVE / 2**30:.0f} GiB must stay free, "
            f"but {cloud.home.root} has only {free / 2**30:.1f} GiB.",
            hint="Remove something, or put VMSIM_HOME on a larger disk.",
            code="ResourceInsufficient.CloudDiskUnavailable",
        )
