"""What the lab sees of the file system: the host's, except where libvirt keeps its state.

Everything happens in the lab's own mount namespace and vanishes with it; the host's folders are never written to, not
even to make a mount point: where one is missing, its parent is rebuilt out of bind mounts with the new folder in it.
Called by PID 1 of the lab only. Fails with HostError naming the mount.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vmsim.model.errors import HostError

NOSUID, NODEV, NOEXEC, BIND, MOVE, REC, PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x2000, 0x4000, 0x40000
ETC = Path("/etc")

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    arguments = [os.fsencode(word) if word else None for word in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), os.fsencode(data) if data else None) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise HostError(
            f"The lab cannot mount {kind or source} on {target}: {reason}.",
            hint="In a container, give it the right to (`vmsim doctor` says how).",
        )


def make_private() -> None:
    """What is mounted from now on is seen in this namespace alone."""
    mount("none", "/", flags=REC | PRIVATE)


def prepare(folders: Mapping[str, str], kept: Iterable[str], program: str, copy: str) -> None:
    """Make the lab's view: `folders` (files too: what libvirt uses → ours) and `program` bound to the path `copy`.

    `kept` are paths that must stay visible though /run is replaced.
    """
    make_private()
    mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
    # The old /sys would go on showing the host's network devices, and isolated bridge ports would fail.
    mount("sysfs", "/sys", "sysfs", NOSUID | NODEV | NOEXEC)
    _replace_run([path for path in kept if Path(path).resolve().is_relative_to("/run")])
    for parent, covered in _by_parent(folders).items():
        _cover(parent, covered)
    # AppArmor confines libvirtd by its path; under this one no profile knows it.
    Path(copy).parent.mkdir(parents=True, exist_ok=True)
    Path(copy).touch()
    mount(str(Path(program).resolve()), copy, flags=BIND)


def _replace_run(kept: list[str]) -> None:
    """A /run of the lab's own, because libvirt's and dnsmasq's pid files must not meet the host's."""
    held = [(Path(path).resolve(), os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in kept]
    mount("tmpfs", "/run", "tmpfs", NOSUID | NODEV, "mode=755,size=64m")
    for folder in ("/run/libvirt", "/run/lock", "/run/vmsim"):
        Path(folder).mkdir()
    for path, descriptor in held:
        path.mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", str(path), flags=BIND | REC)
        os.close(descriptor)


def _by_parent(covers: Mapping[str, str]) -> dict[Path, dict[str, str]]:
    found: dict[Path, dict[str, str]] = {}
    for target, own in covers.items():
        found.setdefault(Path(target).parent, {})[Path(target).name] = own
    return found


def _cover(parent: Path, covered: Mapping[str, str]) -> None:
    """A mount on a name of the host's lasts only until the host replaces what has that name, as `useradd` replaces
    /etc/passwd. So /etc is always rebuilt."""
    if parent == ETC or not all((parent / name).exists() for name in covered):
        _rebuild(parent, covered)
    else:
        for name, own in covered.items():
            mount(own, str(parent / name), flags=BIND)


def _rebuild(folder: Path, covered: Mapping[str, str]) -> None:
    """Put a tmpfs over `folder` that holds all it held, bound one by one, and ours in its place."""
    stage = Path("/run/vmsim/stage")
    stage.mkdir(exist_ok=True)
    mount("tmpfs", str(stage), "tmpfs", NOSUID | NODEV, "mode=755")
    sources = {entry.name: entry for entry in folder.iterdir()} | {name: Path(own) for name, own in covered.items()}
    for name, source in sources.items():
        place = stage / name
        if source.is_symlink():
            place.symlink_to(source.readlink())
            continue
        place.mkdir() if source.is_dir() else place.touch()
        mount(str(source), str(place), flags=BIND | REC)
    mount(str(stage), str(folder), flags=MOVE)
