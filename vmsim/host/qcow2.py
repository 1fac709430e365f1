"""qcow2 disks: made, looked at, checked, grown, committed; and who holds one.

Every verb is qemu-img's, by host/command.py; failures are its CommandFailed. QEMU guards an image with locks of its
open file description on single bytes (block/file-posix.c); `lock_holder` asks the kernel for those, which works
whatever namespace the holder lives in, and looks through /proc only to give it a name.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from vmsim.host import command
from vmsim.model.errors import CommandFailed, InUse, UsageError

_LONG = 600.0
_MAGIC = b"QFI\xfb"
# 100 + permission taken, 200 + permission denied to others; permission 1 is "write".
_WRITE_TAKEN, _WRITE_DENIED = 101, 201
_FLOCK = "hhqqi4x"
_CHECK_CLEAN, _CHECK_CORRUPT, _CHECK_LEAKS = 0, 2, 3


@dataclass(frozen=True)
class Qcow2Info:
    virtual_size: int
    actual_size: int
    backing: Path | None


@dataclass(frozen=True)
class CheckResult:
    """Leaks waste space and harm nothing; corruptions harm. `text` is what qemu-img said."""

    clean: bool
    leaks: int
    corruptions: int
    text: str


@dataclass(frozen=True)
class LockHolder:
    """Who keeps others from writing; pid is None when it is outside what /proc shows us."""

    pid: int | None
    command: str

    def __str__(self) -> str:
        return f"{self.command} (pid {self.pid})" if self.pid else "a process that is not visible from here"


def create_empty(path: Path, size_bytes: int) -> None:
    """A new disk without contents, thin."""
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", path, str(size_bytes)])


def create_overlay(path: Path, base: Path, size_bytes: int | None = None) -> None:
    """A linked clone of `base`, as big as it unless told otherwise. The base must not change afterwards."""
    size = [] if size_bytes is None else [str(size_bytes)]
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base.absolute(), "-F", "qcow2", path, *size])


def info(path: Path, *, shared: bool = False) -> Qcow2Info:
    """`shared` reads even while a guest writes: sizes may be a moment old."""
    share = ["-U"] if shared else []
    told = json.loads(command.run(["qemu-img", "info", *share, "-f", "qcow2", "--output=json", path]).stdout)
    backing = told.get("full-backing-filename", told.get("backing-filename"))
    return Qcow2Info(told["virtual-size"], told["actual-size"], Path(backing) if backing else None)


def check(path: Path) -> CheckResult:
    """Is the image whole? Raises CommandFailed when it cannot be checked at all."""
    return _check([], path)


def repair_leaks(path: Path) -> CheckResult:
    """Give back clusters that nothing refers to, as a killed writer leaves them."""
    return _check(["-r", "leaks"], path)


def resize(path: Path, size_bytes: int) -> None:
    """Grow the disk. Shrinking would cut off data: refused."""
    now = info(path).virtual_size
    if size_bytes < now:
        raise UsageError(f"{path.name} has {now} bytes and cannot be made smaller ({size_bytes}).")
    command.run(["qemu-img", "resize", "-q", "-f", "qcow2", path, str(size_bytes)])


def commit(overlay: Path) -> None:
    """Write an overlay's contents into its base, which grows to its size. Running it twice gives the same.

    It dies with the thread that called it, so that a crash leaves no writer behind; the base is on disk at return.
    """
    base = info(overlay).backing
    if base is None:
        raise UsageError(f"{overlay.name} has no backing file to commit to.")
    quietly = ["qemu-img", "commit", "-q", "-d", "-f", "qcow2", str(overlay)]
    command.run(["setpriv", "--pdeathsig", "KILL", *quietly], timeout=_LONG)
    sync(base)


def copy(
    source: Path,
    target: Path,
    size_bytes: int | None = None,
    *,
    form: str = "qcow2",
    progress: Callable[[int], None] = lambda _percent: None,
) -> None:
    """All of a disk's contents in a file that depends on no other, as big as it unless told bigger; thin, and on the
    disk at return. Nobody may write to the source meanwhile (qemu-img's own lock says so). It dies with its caller,
    and fails when it stands still. `form` is the source's format.
    """
    quietly = ["qemu-img", "convert", "-q", "-f", form, "-O", "qcow2", str(source), str(target)]
    whole = max(contents_bytes(source) if form == "qcow2" else _allocated(source), 1)
    command.run_watched(
        ["setpriv", "--pdeathsig", "KILL", *quietly],
        lambda: _told(progress, target, whole),
        standstill=_LONG,
    )
    if size_bytes is not None:
        resize(target, size_bytes)
    sync(target)


def _told(progress: Callable[[int], None], target: Path, whole: int) -> int:
    """How much is there; what the source has allocated is about what the copy comes to."""
    done = _allocated(target)
    progress(min(99, 100 * done // whole))
    return done


def backing_named_in(path: Path) -> str:
    """The backing file that an image's header names, "" where there is none; without a process, for many files."""
    with path.open("rb") as file:
        magic, _version, offset, size = struct.unpack(">4sIQI", file.read(20))
        if magic != _MAGIC or not offset:
            return ""
        file.seek(offset)
        return os.fsdecode(file.read(size))


def contents_bytes(path: Path) -> int:
    """What an image and all that it is backed by take on the disk: the most that a copy of it can come to."""
    whole, named = 0, str(path)
    while named:
        whole += _allocated(Path(named))
        try:
            named = backing_named_in(Path(named))
        except (OSError, struct.error):
            break
    return whole


def _allocated(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0


def sync(path: Path) -> None:
    """Wait until a file, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_holder(path: Path) -> LockHolder | None:
    """Who keeps us from writing to the image, or None."""
    with path.open("rb") as file:
        if not any(_locked(file.fileno(), byte) for byte in (_WRITE_TAKEN, _WRITE_DENIED)):
            return None
    return _named_holder(path) or LockHolder(None, "")


def refuse_if_held(path: Path) -> None:
    """Raises InUse with the holder's name."""
    holder = lock_holder(path)
    if holder is not None:
        raise InUse(f"{path} is in use by {holder}.", hint="A disk can be changed only while nothing runs on it.")


def _check(options: list[str], path: Path) -> CheckResult:
    argv = ["qemu-img", "check", "-f", "qcow2", "--output=json", *options, str(path)]
    done = command.run(argv, check=False, timeout=_LONG)
    if done.returncode not in (_CHECK_CLEAN, _CHECK_CORRUPT, _CHECK_LEAKS):
        raise CommandFailed(argv, done.returncode, done.stderr or done.stdout)
    told = json.loads(done.stdout)
    text = (done.stderr or done.stdout).strip()
    return CheckResult(done.returncode == _CHECK_CLEAN, told.get("leaks", 0), told.get("corruptions", 0), text)


def _locked(descriptor: int, byte: int) -> bool:
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)


def _named_holder(path: Path) -> LockHolder | None:
    status = path.stat()
    for process in psutil.process_iter():
        if _holds(Path(f"/proc/{process.pid}"), status):
            try:
                return LockHolder(process.pid, process.name())
            except psutil.Error:
                continue
    return None


def _holds(process: Path, wanted: os.stat_result) -> bool:
    """fdinfo names the locks of each descriptor; the inode tells whose they are, whatever path it was opened by."""
    try:
        for descriptor in (process / "fd").iterdir():
            same = os.path.samestat(descriptor.stat(), wanted)
            if same and "OFDLCK" in (process / "fdinfo" / descriptor.name).read_text():
                return True
    except OSError:
        pass  # it ended, or is another user's
    return False
