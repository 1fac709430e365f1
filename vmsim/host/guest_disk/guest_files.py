"""Reading and writing single files inside a guest's root.

Whoever edits stands in a chroot of the guest's root: its absolute symbolic links (/root -> /var/roothome) then mean
what they mean to the guest, and nothing in it can name a file of the host. The process is short-lived and has one
thread, so that its root is no one else's business. Nothing of the guest is executed.

A file that exists keeps owner, mode and labels: it is rewritten in place, the overlay makes that atomic. A new one gets
the SELinux label of a neighbour; where there is none, a guest that enforces relabels itself at its next boot.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vmsim.model.errors import HostError

_LABEL = "security.selinux"
_CAUTIOUS = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC  # a FIFO or a terminal in place of a file must not hang us
_BIGGEST = 16 * 2**20


@contextmanager
def inside(root: Path) -> Iterator[None]:
    """`/` is the guest's while this lasts."""
    outside = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chroot(root)
        os.chdir("/")
        yield
    finally:
        os.fchdir(outside)
        os.chroot(".")
        os.fchdir(here)
        os.close(outside)
        os.close(here)


def exists(path: str) -> bool:
    return Path(path).exists()


def read(path: str) -> str | None:
    """The text, or None when there is no such file. Bytes that are not UTF-8 survive a round trip."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _CAUTIOUS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        _demand_file(descriptor, path)
        return file.read(_BIGGEST).decode(errors="surrogateescape")


def write(path: str, data: str | bytes, mode: int = 0o644) -> None:
    """Rewrite a file, or make it (root's, with `mode`) and the folders above it."""
    make_folder(str(Path(path).parent))
    is_new = not exists(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _CAUTIOUS, mode)
    with os.fdopen(descriptor, "wb") as file:
        _demand_file(descriptor, path)
        if is_new:
            os.fchmod(descriptor, mode)
        file.truncate(0)
        file.write(data if isinstance(data, bytes) else data.encode(errors="surrogateescape"))
    if is_new:
        _label_like_neighbour(path)


def replace(path: str, data: str, mode: int, uid: int, gid: int) -> None:
    """A new file of an exact owner and mode in a folder that a user of the guest controls: neither a link of any kind
    nor an old mode in its place has a say. It is written before it is given away."""
    label = _label(path) or _label(str(Path(path).parent))
    with suppress(FileNotFoundError):
        Path(path).unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _CAUTIOUS, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data.encode())
        os.fchmod(descriptor, mode)
        os.fchown(descriptor, uid, gid)
    _set_label(path, label)


def make_folder(path: str, mode: int = 0o755) -> None:
    """With the folders above it; an existing one stays as it is."""
    if exists(path):
        return
    make_folder(str(Path(path).parent))
    Path(path).mkdir()
    Path(path).chmod(mode)
    _label_like_neighbour(path)


def own_folder(path: str, mode: int, uid: int, gid: int) -> None:
    """A folder of an exact owner and mode; a link in its place is removed, not followed: it could lead to /etc."""
    if Path(path).is_symlink():
        Path(path).unlink()
    make_folder(path, mode)
    os.chown(path, uid, gid, follow_symlinks=False)
    Path(path).chmod(mode)


def remove(path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        Path(path).unlink()


def remove_unless_link(path: str) -> None:
    """A link follows its target anyway."""
    if not Path(path).is_symlink():
        remove(path)


def matching(folder: str, pattern: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob(pattern))


def _demand_file(descriptor: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise HostError(f"{path} in the guest is not a file.")


def _label_like_neighbour(path: str) -> None:
    """Labels go by kind of file: a neighbour of the same kind is the best guess, the folder itself the next."""
    is_folder = Path(path).is_dir()
    for neighbour in sorted(Path(path).parent.iterdir()):
        if str(neighbour) != path and not neighbour.is_symlink() and neighbour.is_dir() == is_folder:
            label = _label(str(neighbour))
            if label:
                return _set_label(path, label)
    return _set_label(path, b"")


def _label(path: str) -> bytes:
    try:
        return os.getxattr(path, _LABEL, follow_symlinks=False)
    except OSError:
        return b""


def _set_label(path: str, label: bytes) -> None:
    """Without a label to copy, a guest that enforces is told to label everything; others do not care."""
    try:
        if label:
            return os.setxattr(path, _LABEL, label, follow_symlinks=False)
    except OSError:
        pass
    config = read("/etc/selinux/config")
    if config is not None and "SELINUX=enforcing" in config.split():
        write_marker = os.open("/.autorelabel", os.O_WRONLY | os.O_CREAT | _CAUTIOUS, 0o600)
        os.close(write_marker)
    return None
