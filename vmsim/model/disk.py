"""Disks and snapshots, and what may be asked of a disk, as a table.

    CreateDisks ──▶ UNATTACHED ──attach──▶ ATTACHING ──▶ ATTACHED ──detach──▶ DETACHING ──▶ UNATTACHED
    UNATTACHED, ATTACHED ──resize──▶ EXPANDING ──▶ the state before
    UNATTACHED, ATTACHED ──rollback──▶ ROLLBACKING ──▶ the state before
    UNATTACHED ──terminate──▶ TORECYCLE (prepaid) or gone

`DISK_OPERATIONS` decides as `lifecycle.OPERATIONS` does for instances; values are Tencent's. Sizes are GiB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

UNATTACHED_POSITION = -1
MOST_DATA_DISKS = 20
"""Of one instance."""
MOST_GIB = 32000
LEAST_GIB = {
    "CLOUD_BASIC": 10,
    "CLOUD_PREMIUM": 10,
    "CLOUD_BSSD": 10,
    "CLOUD_SSD": 20,
    "CLOUD_HSSD": 20,
    "CLOUD_TSSD": 20,
}
"""What the cloud sells, by type; the command line is free to make smaller ones."""


class DiskState(str, Enum):
    """DiskState of CBS."""

    UNATTACHED = "UNATTACHED"
    ATTACHING = "ATTACHING"
    ATTACHED = "ATTACHED"
    DETACHING = "DETACHING"
    EXPANDING = "EXPANDING"
    ROLLBACKING = "ROLLBACKING"
    TORECYCLE = "TORECYCLE"

    @property
    def transitional(self) -> bool:
        """Work is carrying the disk through it; it ends by itself."""
        return self in _TRANSITIONAL


_D = DiskState
_TRANSITIONAL = frozenset({_D.ATTACHING, _D.DETACHING, _D.EXPANDING, _D.ROLLBACKING})


class DiskUsage(str, Enum):
    """What a disk is for."""

    SYSTEM = "SYSTEM_DISK"
    DATA = "DATA_DISK"


class SnapshotState(str, Enum):
    """SnapshotState of CBS."""

    CREATING = "CREATING"
    NORMAL = "NORMAL"
    ROLLBACKING = "ROLLBACKING"
    TORECYCLE = "TORECYCLE"


class DiskVerb(str, Enum):
    """What can be asked of a disk; the value is our word, `DISK_ACTIONS` has Tencent's."""

    ATTACH = "attach"
    DETACH = "detach"
    RESIZE = "resize"
    ROLLBACK = "rollback"
    TERMINATE = "terminate"


DISK_ACTIONS = {
    DiskVerb.ATTACH: "AttachDisks",
    DiskVerb.DETACH: "DetachDisks",
    DiskVerb.RESIZE: "ResizeDisk",
    DiskVerb.ROLLBACK: "ApplySnapshot",
    DiskVerb.TERMINATE: "TerminateDisks",
}


@dataclass(frozen=True)
class DiskOperation:
    """A row of the table. `meanwhile` or `success` None: the state stays, or goes back to, what it was."""

    verb: DiskVerb
    allowed: frozenset[DiskState]
    meanwhile: DiskState | None
    success: DiskState | None


_ROWS = (
    DiskOperation(DiskVerb.ATTACH, frozenset({_D.UNATTACHED}), _D.ATTACHING, _D.ATTACHED),
    DiskOperation(DiskVerb.DETACH, frozenset({_D.ATTACHED}), _D.DETACHING, _D.UNATTACHED),
    DiskOperation(DiskVerb.RESIZE, frozenset({_D.UNATTACHED, _D.ATTACHED}), _D.EXPANDING, None),
    DiskOperation(DiskVerb.ROLLBACK, frozenset({_D.UNATTACHED, _D.ATTACHED}), _D.ROLLBACKING, None),
    DiskOperation(DiskVerb.TERMINATE, frozenset({_D.UNATTACHED, _D.TORECYCLE}), None, None),
)
DISK_OPERATIONS = {row.verb: row for row in _ROWS}


@dataclass(frozen=True)
class Disk:
    """A disk. Attached, `position` 0 is the system disk (vda), 1 the first data disk (vdb), and so on."""

    id: str
    instance_id: str
    """"" when it is attached to none; `position` is UNATTACHED_POSITION then."""
    region: str
    zone: str
    position: int
    type: str
    size_gib: int
    name: str
    delete_with_instance: bool
    path: str
    state: DiskState = DiskState.ATTACHED
    usage: DiskUsage = DiskUsage.DATA
    portable: bool = False
    """Elastic: it can be detached."""
    charge_type: str = "POSTPAID_BY_HOUR"
    created: datetime | None = None
    project_id: int = 0
    snapshot_id: str = ""
    """The snapshot it was made from."""
    last_instance_id: str = ""
    rollback_percent: int = 0
    renew_flag: str = ""
    deadline: datetime | None = None
    """When a prepaid one ends."""
    delete_snapshot: bool = False
    error_prompt: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def system(self) -> bool:
        return self.usage is DiskUsage.SYSTEM

    @property
    def steady_state(self) -> DiskState:
        """Where it goes back to when work on it has ended."""
        return DiskState.ATTACHED if self.instance_id else DiskState.UNATTACHED

    @property
    def target(self) -> str:
        """The guest's name for it."""
        return "vd" + chr(ord("a") + self.position)


@dataclass(frozen=True)
class DiskRequest:
    """CreateDisks in the domain's words."""

    region: str
    zone: str = ""
    """"" is the region's first."""
    size_gib: int = 0
    """0 is the snapshot's."""
    type: str = "CLOUD_PREMIUM"
    name: str = ""
    count: int = 1
    snapshot_id: str = ""
    charge_type: str = "POSTPAID_BY_HOUR"
    prepaid_months: int = 0
    renew_flag: str = ""
    project_id: int = 0
    delete_snapshot: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    client_token: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The contents of a disk at one moment, in a file of its own that depends on no other."""

    id: str
    region: str
    zone: str
    disk_id: str
    disk_usage: DiskUsage
    size_gib: int
    """The disk's at that moment."""
    name: str
    state: SnapshotState
    percent: int
    created: datetime
    deadline: datetime | None
    """When it is deleted by itself; None is never."""
    path: str
    project_id: int = 0
    system: dict[str, Any] = field(default_factory=dict)
    """Of a system disk: what an image made of it must know (os_name, platform, login_user, memory_mib)."""
    tags: dict[str, str] = field(default_factory=dict)
    image_ids: tuple[str, ...] = ()
    """Images that were made with it."""
