"""A system image: a qcow2 that system disks are linked clones of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

PUBLIC = "PUBLIC_IMAGE"


class ImageState(str, Enum):
    """ImageState; values are Tencent's."""

    CREATING = "CREATING"
    NORMAL = "NORMAL"
    CREATEFAILED = "CREATEFAILED"
    IMPORTING = "IMPORTING"
    IMPORTFAILED = "IMPORTFAILED"


@dataclass(frozen=True)
class Image:
    """`size_gib` is the smallest system disk, `memory_mib` the least memory it boots with."""

    id: str
    name: str
    os_name: str
    platform: str
    architecture: str
    size_gib: int
    memory_mib: int
    login_user: str
    path: str
    sha256: str
    created: datetime
    description: str = ""
    region: str = ""
    """"" is every region: a public image."""
    type: str = PUBLIC
    state: ImageState = ImageState.NORMAL
    source: str = "OFFICIAL"
    percent: int = 100
    family: str = ""
    boot_mode: str = "Legacy BIOS"
    license_type: str = "TencentCloud"
    instance_id: str = ""
    """The instance it was made from."""
    error: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    snapshot_ids: tuple[str, ...] = ()
    """Its snapshots: the system disk's first."""
