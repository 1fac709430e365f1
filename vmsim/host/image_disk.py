"""Turns files into a bootable disk image without root and without mounting anything.

    MBR with syslinux' boot code | FAT: syslinux, kernel, initramfs | ext4: the root file system

Every identity and time stamp is given, file order is sorted, so equal input gives equal bytes. debugfs writes the root
file system file by file: unlike `mke2fs -d` it takes owner, times and order from us, not from the build folder.
Fails with CommandFailed, or HostError where debugfs (which always exits with 0) complained or e2fsck is not satisfied.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vmsim.host import command
from vmsim.model.errors import HostError

MIB = 2**20
_SECTOR = 512
_FIRST_SECTOR = 2048
_BOOT_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")
# Plain enough for every kernel and for the e2fsprogs of the oldest host that edits it offline.
_EXT4 = (
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,metadata_csum,sparse_super,"
    "large_file,huge_file,dir_nlink,extra_isize"
)


@dataclass(frozen=True)
class Node:
    """A file, folder or symbolic link of a guest; everything is root's."""

    path: str
    mode: int
    data: bytes = b""

    @classmethod
    def file(cls, path: str, data: bytes, mode: int = 0o644) -> Node:
        return cls(path, stat.S_IFREG | mode, data)

    @classmethod
    def folder(cls, path: str, mode: int = 0o755) -> Node:
        return cls(path, stat.S_IFDIR | mode)

    @classmethod
    def link(cls, path: str, target: str) -> Node:
        return cls(path, stat.S_IFLNK | 0o777, target.encode())


@dataclass(frozen=True)
class Identity:
    """What would otherwise be random or the time of day."""

    epoch: int
    disk_signature: int
    boot_serial: str
    root_uuid: str
    hash_seed: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Makes mtools, mkfs.vfat and e2fsprogs take our time, and no settings of this machine."""
        return {
            "SOURCE_DATE_EPOCH": str(self.epoch),
            "E2FSPROGS_FAKE_TIME": str(self.epoch),
            "MKE2FS_CONFIG": "/dev/null",
            "MTOOLSRC": "/dev/null",
            "MTOOLS_SKIP_CHECK": "1",
            "TZ": "UTC0",
        }


def with_folders(nodes: Sequence[Node]) -> list[Node]:
    """The nodes and every folder above them, parents first, sorted."""
    tree = {node.path: node for node in nodes}
    for node in nodes:
        for parent in PurePosixPath(node.path).parents:
            if str(parent) != "/":
                tree.setdefault(str(parent), Node.folder(str(parent)))
    return [tree[path] for path in sorted(tree)]


def initramfs(nodes: Sequence[Node], epoch: int) -> bytes:
    """An uncompressed cpio archive (newc): unpacking costs a slow guest more than reading does."""
    archive = bytearray()
    for number, node in enumerate(with_folders(nodes), start=1):
        archive += _cpio_entry(node.path.lstrip("/"), number, node.mode, node.data, epoch)
    archive += _cpio_entry("TRAILER!!!", 0, 0, b"", 0)
    return bytes(archive)


def _cpio_entry(name: str, number: int, mode: int, data: bytes, epoch: int) -> bytes:
    links = 2 if stat.S_ISDIR(mode) else 1
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, links, epoch, len(data), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    return _padded(head, 4) + _padded(data, 4)


def _padded(data: bytes, unit: int) -> bytes:
    return data + b"\0" * (-len(data) % unit)


def boot_partition(files: Mapping[str, bytes], mib: int, identity: Identity, work: Path) -> Path:
    """A FAT file system that syslinux boots from."""
    image, folder = work / "boot.img", work / "boot"
    folder.mkdir()
    _empty(image, mib * MIB)
    environment = identity.environment
    words = ["--invariant", "-i", identity.boot_serial, "-F", "16", "-s", "8", "-h", str(_FIRST_SECTOR)]
    command.run(["mkfs.vfat", *words, image], env=environment)
    command.run(["syslinux", "--install", image], env=environment)
    for name, data in sorted(files.items()):
        (folder / name).write_bytes(data)
        command.run(["mcopy", "-i", image, folder / name, f"::{name}"], env=environment)
    return image


def root_partition(nodes: Sequence[Node], mib: int, identity: Identity, work: Path) -> Path:
    """An ext4 file system with these nodes, ready to grow to terabytes while mounted."""
    image, folder, script = work / "root.img", work / "root", work / "root.debugfs"
    folder.mkdir()
    _empty(image, mib * MIB)
    environment = identity.environment
    # A descriptor block for each 8 GiB is set aside, so that growing never has to move anything. Few inodes a group:
    # each group that is added later brings an inode table with it.
    extended = f"hash_seed={identity.hash_seed},resize=268435456,nodiscard,lazy_itable_init=0"
    words = ["-q", "-F", "-t", "ext4", "-O", _EXT4, "-b", "4096", "-I", "256", "-N", "1024", "-m", "1", "-J", "size=4"]
    command.run(["mke2fs", *words, "-U", identity.root_uuid, "-L", "tiny", "-E", extended, image], env=environment)
    script.write_text("\n".join(_debugfs_lines(nodes, folder, identity.epoch)) + "\n")
    done = command.run(["debugfs", "-w", "-f", script, image], env=environment)
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("debugfs ")]
    if complaints:
        raise HostError(f"debugfs could not fill the root file system: {complaints[0]}")
    command.run(["e2fsck", "-fn", image], env=environment)
    return image


def _debugfs_lines(nodes: Sequence[Node], folder: Path, epoch: int) -> list[str]:
    lines = []
    for number, node in enumerate(with_folders(nodes)):
        path = PurePosixPath(node.path)
        lines.append(f"cd {path.parent}")
        if stat.S_ISDIR(node.mode):
            lines.append(f"mkdir {path.name}")
        elif stat.S_ISLNK(node.mode):
            lines.append(f"symlink {path.name} {node.data.decode()}")
        else:
            source = folder / str(number)
            source.write_bytes(node.data)
            lines.append(f"write {source} {path.name}")
        lines += [f"sif {path} mode 0{node.mode:o}", *_owner_and_times(str(path), epoch)]
    return [*lines, *_owner_and_times("/", epoch), *_owner_and_times("/lost+found", epoch)]


def _owner_and_times(path: str, epoch: int) -> list[str]:
    times = [f"sif {path} {field} @{epoch}" for field in ("atime", "ctime", "mtime", "crtime")]
    # write and symlink take the finer part from this machine's files.
    finer = [f"sif {path} {field}_extra 0" for field in ("atime", "ctime", "mtime", "crtime")]
    return [f"sif {path} uid 0", f"sif {path} gid 0", f"sif {path} generation 0", *times, *finer]


def disk(boot: Path, root: Path, identity: Identity, work: Path) -> Path:
    """Boot code, partition table and both partitions in one raw file."""
    image = work / "disk.img"
    boot_sectors, root_sectors = (part.stat().st_size // _SECTOR for part in (boot, root))
    root_start = _FIRST_SECTOR + boot_sectors
    _empty(image, (root_start + root_sectors) * _SECTOR)
    record = bytearray(_padded(_BOOT_CODE.read_bytes()[:440], 440))
    record += struct.pack("<IH", identity.disk_signature, 0)
    record += _partition(0x80, 0x0E, _FIRST_SECTOR, boot_sectors)
    record += _partition(0x00, 0x83, root_start, root_sectors)
    record += bytes(32) + b"\x55\xaa"
    with image.open("r+b") as file:
        file.write(record)
        for part, start in ((boot, _FIRST_SECTOR), (root, root_start)):
            file.seek(start * _SECTOR)
            file.write(part.read_bytes())
    return image


def publish(raw: Path, boot_files: int, destination: Path, work: Path) -> None:
    """The disk as qcow2, compressed except for the boot partition's first `boot_files` bytes.

    A boot loader reads in pieces that straddle clusters, each of which would be unpacked twice: that cost half a second
    a boot, and a kernel hardly shrinks.
    """
    start = _FIRST_SECTOR * _SECTOR
    length = boot_files + -boot_files % MIB
    plain = work / "plain.img"
    with raw.open("r+b") as disk:
        disk.seek(start)
        plain.write_bytes(disk.read(length))
        disk.seek(start)
        disk.write(bytes(length))
    command.run(["qemu-img", "convert", "-c", "-O", "qcow2", raw, destination], timeout=300)
    command.run(["qemu-io", "-f", "qcow2", "-c", f"write -q -s {plain} {start} {length}", destination], timeout=300)


def _partition(flag: int, kind: int, start: int, sectors: int) -> bytes:
    # Cylinder, head, sector are at their ceiling: everybody who matters reads the sector numbers.
    return struct.pack("<B3sB3sII", flag, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors)


def _empty(image: Path, size: int) -> None:
    with image.open("wb") as file:
        file.truncate(size)
