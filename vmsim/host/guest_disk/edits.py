"""What to change on a stopped guest's disk, and what came of it. Pure data, with its JSON form.

None means "leave it as it is", everywhere. The JSON form crosses the pipe to the editing process (session.py).
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any

# systemd makes an id of its own at the next boot when the file is there and empty.
OWN_MACHINE_ID = ""


@dataclass(frozen=True)
class HostKey:
    """An SSH host key: the private half as an OpenSSH PEM, the public half as one line."""

    private: str = field(repr=False)
    public: str


@dataclass(frozen=True)
class Edits:
    """All that can be changed offline."""

    host_name: str | None = None
    machine_id: str | None = None
    """OWN_MACHINE_ID blanks it, so that a clone makes its own; anything else is written as it is."""
    host_key: HostKey | None = None
    """Becomes the only host key."""
    password: tuple[str, str] | None = field(default=None, repr=False)
    """User and crypt hash; unlocks the password."""
    lock_password: str | None = None
    """User whose password stops working, and can be told from none: the hash is kept behind a `*`."""
    unlock_password: str | None = None
    """User whose locked password works again."""
    authorized_keys: tuple[str, tuple[str, ...]] | None = None
    """User and the lines that replace the user's file."""
    password_login: bool | None = None
    """Whether SSH takes passwords (and root's)."""
    user_data: bytes | None = field(default=None, repr=False)
    meta_data: bytes | None = None
    """cloud-init's NoCloud seed, in the folder it reads by itself."""
    fill_disk: bool = False
    """Grow the root's partition, if it is the last, and its ext file system to the end of the disk."""

    @property
    def changes_files(self) -> bool:
        """False when only the size is in question, which needs no look inside."""
        return self != Edits(fill_disk=self.fill_disk)


@dataclass(frozen=True)
class EditReport:
    """`file_system` is the type found ("ext4", "xfs", … or "" for none); `notes` are sentences for a person."""

    file_system: str
    filled: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuestDiskFacts:
    """What a look at a stopped disk told. `clean` is None where the file system does not say."""

    file_system: str
    clean: bool | None
    os_release: dict[str, str]


def to_json(edits: Edits) -> str:
    return json.dumps(asdict(edits), default=lambda data: base64.b64encode(data).decode())


def from_json(text: str) -> Edits:
    told: dict[str, Any] = json.loads(text)
    for name in ("user_data", "meta_data"):
        told[name] = None if told[name] is None else base64.b64decode(told[name])
    if told["host_key"] is not None:
        told["host_key"] = HostKey(**told["host_key"])
    if told["password"] is not None:
        told["password"] = tuple(told["password"])
    if told["authorized_keys"] is not None:
        user, lines = told["authorized_keys"]
        told["authorized_keys"] = (user, tuple(lines))
    return Edits(**told)
