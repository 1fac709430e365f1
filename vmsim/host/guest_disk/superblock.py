"""What an ext2/3/4 superblock says, without any tool. Pure.

Layout: the kernel's Documentation/filesystems/ext4/super.rst; 1024 bytes at offset 1024 of the file system.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

OFFSET, SIZE = 1024, 1024
_MAGIC = 0xEF53
_VALID, _ERRORS = 1, 2
_HAS_JOURNAL = 0x4
_NEEDS_RECOVERY, _EXTENTS = 0x4, 0x40


@dataclass(frozen=True)
class ExtState:
    """`clean`: unmounted properly, no journal to replay, no error on record."""

    kind: str
    clean: bool


def ext_state(superblock: bytes) -> ExtState | None:
    """None when it is not ext."""
    if len(superblock) < 0x68 or struct.unpack_from("<H", superblock, 0x38)[0] != _MAGIC:
        return None
    state = struct.unpack_from("<H", superblock, 0x3A)[0]
    compatible, incompatible = struct.unpack_from("<II", superblock, 0x5C)
    kind = "ext4" if incompatible & _EXTENTS else "ext3" if compatible & _HAS_JOURNAL else "ext2"
    clean = bool(state & _VALID) and not state & _ERRORS and not incompatible & _NEEDS_RECOVERY
    return ExtState(kind, clean)
