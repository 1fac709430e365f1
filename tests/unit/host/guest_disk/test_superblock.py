"""The superblock reader against file systems that mke2fs made."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.host import command
from vmsim.host.guest_disk.superblock import OFFSET, SIZE, ExtState, ext_state


def superblock(file: Path) -> bytes:
    return file.read_bytes()[OFFSET : OFFSET + SIZE]


@pytest.mark.tools
@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_kinds_and_states(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "fs"
    command.run(["mke2fs", "-q", "-t", kind, str(file), "8M"])
    assert ext_state(superblock(file)) == ExtState(kind, True)
    command.run(["debugfs", "-w", "-R", "ssv state 0", str(file)])
    assert ext_state(superblock(file)) == ExtState(kind, False)
    command.run(["debugfs", "-w", "-R", "ssv state 3", str(file)])
    assert ext_state(superblock(file)) == ExtState(kind, False)


@pytest.mark.tools
def test_a_journal_to_replay_is_not_clean(tmp_path: Path) -> None:
    file = tmp_path / "fs"
    command.run(["mke2fs", "-q", "-t", "ext4", str(file), "8M"])
    command.run(["debugfs", "-w", "-R", "feature needs_recovery", str(file)])
    assert ext_state(superblock(file)) == ExtState("ext4", False)


@pytest.mark.parametrize("data", [b"", bytes(SIZE), b"\x53\xef" * 20])
def test_anything_else_is_none(data: bytes) -> None:
    assert ext_state(data) is None
