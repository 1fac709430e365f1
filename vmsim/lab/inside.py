"""Going into the lab's network with one's own files and programs: `vmsim enter`.

Of the lab only its network is entered (rootless: its user namespace too, in which this user is root). Names are the
exception: in a mount namespace of the command's own, /etc/hosts knows the guests, and /etc/resolv.conf is the lab's,
since the servers of this machine's own cannot be reached from there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import mounts, namespaces
from vmsim.model.errors import HostError, LabNotRunning

HOSTS, RESOLVER = Path("/etc/hosts"), Path("/etc/resolv.conf")


def enter(home: Home, lab_pid: int, hosts: Mapping[str, Sequence[str]]) -> None:
    """This process, from now on. It must have one thread. `hosts`: names by address."""
    try:
        lab = os.pidfd_open(lab_pid)
    except ProcessLookupError as error:
        raise LabNotRunning("The lab has just ended.") from error
    runtime = home.runtime  # its name has this user's number, which reads 0 inside
    own = runtime / "hosts"
    _write(own, hosts_file(HOSTS.read_text(errors="surrogateescape") if HOSTS.exists() else "", hosts))
    user = namespaces.NEW_USER if namespaces.rootless() else 0
    namespaces.setns(lab, user | namespaces.NEW_NET)
    os.close(lab)
    namespaces.unshare(namespaces.NEW_MOUNT)
    mounts.make_private()
    for target, ours in ((HOSTS, own), (RESOLVER, home.libvirt / "resolv.conf")):
        # In some containers these are files that nothing can be put over; the network is there without names, too.
        with contextlib.suppress(HostError, FileNotFoundError):
            mounts.mount(str(ours), str(target.resolve(strict=True)), flags=mounts.BIND)
    os.environ["PATH"] = command.search_path()
    os.environ.update(VMSIM_HOME=str(home.root), VMSIM_RUNTIME=str(runtime))


def hosts_file(text: str, hosts: Mapping[str, Sequence[str]]) -> str:
    """The machine's own, and the guests."""
    lines = [f"{address} {' '.join(names)}" for address, names in hosts.items()]
    return "\n".join([text.rstrip("\n"), *lines, ""])


def _write(path: Path, text: str) -> None:
    """A new file each time: somebody who entered before goes on seeing the one he entered with."""
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(text, errors="surrogateescape")
    new.chmod(0o644)
    new.replace(path)
