"""A system image: a qcow2 that system disks are linked clones of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
