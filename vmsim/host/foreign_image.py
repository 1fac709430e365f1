"""Disk images that come from elsewhere: what one is, and whether it may be read at all.

An image can name other files: a backing file, an external data file, extents. Whoever opens it by QEMU reads those too,
whatever they are, so the format is told by our own look at the first bytes, QEMU is always given that format, and an
image that names another file is refused before QEMU opens it.
"""

from __future__ import annotations

import json
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from vmsim.host import command
from vmsim.model.errors import CommandFailed, UsageError

MOST_GIB = 1024
_HEAD = 64 * 1024
_SECTOR = 512
_ISO_AT, _ISO = 32769, b"CD001"
_EXTERNAL_DATA = 1 << 2
_OTHERS = {
    b"vhdxfile": "VHDX",
    b"QED\0": "QED",
    b"# Disk DescriptorFile": "VMDK that lies in several files",
    b"COWD": "VMDK of ESX's old kind",
    b"WithoutFreeSpace": "Parallels",
    b"WithouFreSpacExt": "Parallels",
    b"Bochs Virtual HD Image": "Bochs",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
_URL_ERROR = "InvalidParameter.InvalidParameterUrlError"


@dataclass(frozen=True)
class ForeignImage:
    """`form` is QEMU's word for the format."""

    path: Path
    form: str
    virtual_size: int
    iso: bool = False

    @property
    def gib(self) -> int:
        return -(-self.virtual_size // 2**30)


def probe(path: Path) -> ForeignImage:
    """What a file is. Raises UsageError for one that cannot be read, names other files, or is too big."""
    head, tail = _ends(path)
    form = _form(path, head, tail)
    try:
        told = json.loads(command.run(["qemu-img", "info", "-f", form, "--output=json", path]).stdout)
    except CommandFailed as error:
        raise _bad(path, f"is no whole {form} image: {error.stderr.strip()[-300:]}") from error
    if told.get("backing-filename") or told.get("format-specific", {}).get("data", {}).get("data-file"):
        raise _bad(path, "depends on another file", hint="Flatten it first: qemu-img convert -O qcow2 OLD NEW.")
    found = ForeignImage(path, form, int(told["virtual-size"]), head[_ISO_AT : _ISO_AT + len(_ISO)] == _ISO)
    if found.gib > MOST_GIB:
        raise UsageError(
            f"{path} is a disk of {found.gib} GiB; at most {MOST_GIB} GiB can be imported.",
            code="InvalidParameterValue.TooLarge",
        )
    return found


def _ends(path: Path) -> tuple[bytes, bytes]:
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode) or kind.st_size < _SECTOR:
            raise _bad(path, "is no file with a disk in it")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(-_SECTOR, 2)
            return head, file.read(_SECTOR)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error


def _form(path: Path, head: bytes, tail: bytes) -> str:
    if head.startswith(b"QFI\xfb"):
        return _qcow2(path, head)
    if head.startswith(b"KDMV"):
        return _vmdk(path, head)
    if b"conectix" in (head[:8], tail[:8]):
        return "vpc"
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise _bad(path, f"is {name}; RAW, QCOW2, VHD and VMDK in one file can be imported")
    return "raw"


def _qcow2(path: Path, head: bytes) -> str:
    version, backing = struct.unpack_from(">IQ", head, 4)
    features = struct.unpack_from(">Q", head, 72)[0] if version >= 3 else 0
    if version not in (2, 3):
        raise _bad(path, f"is QCOW of version {version}; 2 and 3 can be imported")
    if backing or features & _EXTERNAL_DATA:
        raise _bad(path, "depends on another file", hint="Flatten it first: qemu-img convert -O qcow2 OLD NEW.")
    return "qcow2"


def _vmdk(path: Path, head: bytes) -> str:
    """One that holds its own extent: capacity 0, or a parent, means that the contents are elsewhere."""
    (capacity,) = struct.unpack_from("<Q", head, 12)
    place, length = struct.unpack_from("<QQ", head, 28)
    with path.open("rb") as file:
        file.seek(min(place, 2**40) * _SECTOR)
        descriptor = file.read(min(length * _SECTOR, _HEAD)).lower()
    parent = b"parentcid=" in descriptor and b"parentcid=ffffffff" not in descriptor
    if not capacity or parent or b"parentfilenamehint" in descriptor:
        raise _bad(path, "depends on another file", hint="Flatten it first: qemu-img convert -O qcow2 OLD NEW.")
    return "vmdk"


def _bad(path: Path, why: str, *, hint: str = "") -> UsageError:
    return UsageError(f"{path} {why}.", hint=hint, code=_URL_ERROR)
