"""Writing the bound keys to the stopped guest's disk: the whole file, so that an older key cannot linger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vmsim.cloud import key_pairs
from vmsim.cloud.work import Work
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.edits import Edits
from vmsim.model.instance import Instance


def write_keys(work: Work, instance: Instance, key_ids: Sequence[str]) -> None:
    """Password login over SSH is off while a key is bound and on when none is."""
    lines = key_pairs.public_lines(work.cloud, instance.region, key_ids)
    work.step("keys", "writing the keys to the disk")
    edits = Edits(authorized_keys=(instance.login_user, tuple(lines)), password_login=not key_ids)
    atomic.edit(Path(instance.system_disk.path), edits, step=lambda name: work.step(f"keys.{name}"))
