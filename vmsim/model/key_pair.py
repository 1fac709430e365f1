"""An SSH key pair; the private half is never kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class KeyPair:
    """`public_key` is an OpenSSH line. `default` marks the home's own key, whose private half lies in the home."""

    id: str
    region: str
    name: str
    public_key: str
    project_id: int
    description: str
    created: datetime
    tags: dict[str, str]
    instance_ids: tuple[str, ...] = ()
    default: bool = False
