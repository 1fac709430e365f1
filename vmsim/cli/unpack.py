"""Tar streams to and from a guest. What a guest sends is not trusted: nothing is written outside the target.

Python's own filters for that are missing in some of the versions we run on (3.11.2 of Debian 12), so a member is
written by us: its folder must really lie in the target, links included, and nothing is written through a link.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

from vmsim.model.errors import OperationFailed

_END = b"\0" * 1024
_CHUNK = 65536


def pack(stream: Any, source: Path, name: str) -> None:
    """Append a file or folder under another name, owned by whoever unpacks it; `finish` ends the stream."""
    for path in [source, *sorted(source.rglob("*"))] if source.is_dir() else [source]:
        member_name = str(PurePosixPath(name, *path.relative_to(source).parts))
        _add(stream, path, member_name, follow=path is source)


def finish(stream: Any) -> None:
    stream.write(_END)


def _add(stream: Any, path: Path, name: str, *, follow: bool) -> None:
    """Regular files, folders and links; a source that is itself a link is followed, as cp does."""
    found = path.stat() if follow else path.lstat()
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = stat.S_IMODE(found.st_mode), int(found.st_mtime)
    if stat.S_ISDIR(found.st_mode):
        member.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(found.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, str(path.readlink())
    elif stat.S_ISREG(found.st_mode):
        member.size = found.st_size
    else:
        return
    stream.write(member.tobuf(tarfile.GNU_FORMAT))
    if member.isreg():
        contents(stream, path, member.size)
        stream.write(b"\0" * (-member.size % tarfile.BLOCKSIZE))


def contents(stream: Any, path: Path, size: int) -> None:
    """As many bytes as the header says, also of a file that grows meanwhile. Raises OperationFailed when it shrinks."""
    with path.open("rb") as file:
        while size and (data := file.read(min(size, _CHUNK))):
            stream.write(data)
            size -= len(data)
    if size:
        raise OperationFailed(f"{path} became shorter while it was copied.")


def unpack(stream: IO[bytes] | Any, name: str, target: Path) -> None:
    """Write the members under `name` as `target`. An empty stream (the guest's tar failed) writes nothing."""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _write(archive, member, name, target)
    except tarfile.ReadError:
        return


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, target: Path) -> None:
    path = _place(member.name, name, target)
    if member.isdir():
        if path.is_symlink():
            path.unlink()
        path.mkdir(parents=True, exist_ok=True)
    elif member.issym():
        path.unlink(missing_ok=True)
        path.symlink_to(member.linkname)
    elif member.islnk():
        earlier = _place(member.linkname, name, target)
        path.unlink(missing_ok=True)
        shutil.copy2(earlier, path, follow_symlinks=False)
    elif content := archive.extractfile(member) if member.isreg() else None:
        path.unlink(missing_ok=True)
        with path.open("xb") as file:
            shutil.copyfileobj(content, file)
        path.chmod(member.mode & 0o777)


def _place(sent: str, name: str, target: Path) -> Path:
    """Where a member goes. Raises OperationFailed for one that is not of what was asked for, or leads out of it."""
    parts = PurePosixPath(sent).parts
    if ".." in parts or PurePosixPath(sent).is_absolute() or (name != "." and parts[:1] != (name,)):
        raise OperationFailed(f"The guest sent a file outside of what was asked for: {sent!r}.")
    below = parts if name == "." else parts[1:]
    path = target.joinpath(*below)
    # The resolved folder, so that a link sent earlier cannot lead the next file out of the target.
    if below and not path.parent.resolve().is_relative_to(target.resolve()):
        raise OperationFailed(f"The guest sent a file that leads out of {target}: {sent!r}.")
    return path
