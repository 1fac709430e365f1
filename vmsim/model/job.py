"""A job: accepted work on a disk, a snapshot, an image or an address, as an operation is of an instance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from vmsim.model.lifecycle import OperationState
from vmsim.model.operation import Caller


class JobKind(str, Enum):
    """What is to be done; `cloud/jobs/` has a file for each."""

    CREATE_DISK = "create-disk"
    ATTACH_DISK = "attach-disk"
    DETACH_DISK = "detach-disk"
    RESIZE_DISK = "resize-disk"
    ROLLBACK_DISK = "rollback-disk"
    DELETE_DISK = "delete-disk"
    CREATE_SNAPSHOT = "create-snapshot"
    CREATE_IMAGE = "create-image"
    IMPORT_IMAGE = "import-image"
    ALLOCATE_ADDRESSES = "allocate-addresses"
    BIND_ADDRESS = "bind-address"
    UNBIND_ADDRESS = "unbind-address"
    SHAPE_ADDRESSES = "shape-addresses"
    RELEASE_ADDRESSES = "release-addresses"


STEP_WORDS = {
    "accepted": "waiting for a worker",
    "file": "making its file",
    "files": "deleting its files",
    "plug": "plugging it in",
    "unplug": "asking the guest to let it go",
    "define": "setting up the hardware",
    "move": "putting its file away",
    "resize": "growing it",
    "live": "copying the disk of the running guest",
    "at-rest": "copying the disk",
    "copied": "finishing the copy",
    "publish": "finishing the file",
    "link": "making the image's file",
    "probe": "looking at the file",
    "convert": "copying what is in it",
    "recover": "looking after the disk",
    "copy": "copying the snapshot",
    "rename": "putting it in the disk's place",
    "give": "giving it to the instance",
    "take": "taking it from the instance",
    "shape": "changing the bandwidth",
    "firewall": "putting it in force",
}
"""What a job's step is called where people read it; a crash test names it by its key."""


@dataclass(frozen=True)
class JobRecord:
    """What the store keeps of a job. Its worker may die at any step and another one begins it again."""

    id: str
    kind: JobKind
    subject_id: str
    """The disk, snapshot, image or address; the first of several."""
    instance_id: str
    """The instance whose machine it touches, or ""."""
    arguments: dict[str, Any]
    caller: Caller
    request_id: str
    state: OperationState
    step: str
    began: datetime
    ended: datetime | None = None
    error: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
