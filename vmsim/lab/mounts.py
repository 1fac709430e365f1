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
    for target, own in folders.items():
        if not Path(target).exists():
            _rebuild(Path(target).parent, Path(target).name)
        mount(own, target, flags=BIND)
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


def _rebuild(folder: Path, missing: str) -> None:
    """Put a tmpfs over `folder` that holds all it held, bound one by one, and the missing folder."""
    stage = Path("/run/vmsim/stage")
    stage.mkdir(exist_ok=True)
    mount("tmpfs", str(stage), "tmpfs", NOSUID | NODEV, "mode=755")
    for entry in folder.iterdir():
        place = stage / entry.name
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
            continue
        place.mkdir() if entry.is_dir() else place.touch()
        mount(str(entry), str(place), flags=BIND | REC)
    (stage / missing).mkdir()
    mount(str(stage), str(folder), flags=MOVE)
