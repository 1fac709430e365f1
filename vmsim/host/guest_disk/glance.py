"""Was a stopped guest's file system left clean? The usual case, told by two reads of the image instead of an export.

The whole inspection (atomic.inspect) takes an eighth of a second, which everybody who stops a guest would wait for.
Where there is one ext file system among the primary partitions, its superblock is all there is to ask; of anything else
this says nothing. QEMU reads without locking, so a start that comes meanwhile is not refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from vmsim.host import command, qcow2
from vmsim.host.guest_disk.superblock import OFFSET, SIZE, ExtState, ext_state
from vmsim.model.errors import CommandFailed

_SECTOR = 512
_HEAD = 34 * _SECTOR  # MBR, GPT's header and its usual 128 rows
_EXTENDED = (0x05, 0x0F, 0x85)
_GPT = 0xEE
_LINE = re.compile(r"^[0-9a-f]{8,}:  ((?:[0-9a-f]{2} )+)", re.MULTILINE)


def glance(disk: Path) -> ExtState | None:
    """What the one ext file system says; None where a thorough look is needed. Raises InUse while a guest runs."""
    qcow2.refuse_if_held(disk)
    try:
        (head,) = _read(disk, [(0, _HEAD)])
        starts = _starts(head)
        found = _read(disk, [(start + OFFSET, SIZE) for start in starts]) if starts else []
    except CommandFailed:  # a disk smaller than a table, a row that points behind its end
        return None
    states = [state for each in found if (state := ext_state(each)) is not None]
    return states[0] if len(states) == 1 else None


def _read(disk: Path, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
    asked = [word for start, size in pieces for word in ("-c", f"read -v {start} {size}")]
    said = command.run(["qemu-io", "-r", "-U", "-f", "qcow2", *asked, disk]).stdout
    data = bytes.fromhex("".join(_LINE.findall(said)))
    if len(data) != sum(size for _, size in pieces):
        raise CommandFailed(["qemu-io", *asked], 0, said[-500:])
    parts, position = [], 0
    for _, size in pieces:
        parts.append(data[position : position + size])
        position += size
    return parts


def _starts(head: bytes) -> list[int]:
    """Where file systems may begin, in bytes; nothing when the table is one we do not read here."""
    if head[510:512] != b"\x55\xaa":
        return [0]
    rows = [struct.unpack_from("<4xB3xII", head, 446 + 16 * number) for number in range(4)]
    kinds = [kind for kind, _, _ in rows]
    if any(kind in _EXTENDED for kind in kinds):
        return []
    if _GPT in kinds:
        return list(_gpt(head))
    return [start * _SECTOR for kind, start, size in rows if kind and size]


def _gpt(head: bytes) -> Iterator[int]:
    first, number, size = struct.unpack_from("<QII", head, _SECTOR + 72)
    if head[_SECTOR : _SECTOR + 8] != b"EFI PART" or first != 2 or number * size > _HEAD - 2 * _SECTOR:
        return
    for row in range(number):
        place = 2 * _SECTOR + row * size
        if any(head[place : place + 16]):
            yield struct.unpack_from("<Q", head, place + 32)[0] * _SECTOR
