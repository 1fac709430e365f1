"""Namespaces: making them, mapping ids into them, running something in one.

By system calls, because `unshare --map-auto` is missing in Ubuntu 22.04's util-linux. An ordinary user gets a user
namespace in which it is root and its subordinate ids (/etc/subuid, /etc/subgid) are the others; mapping more than one
id needs the set-uid helpers newuidmap and newgidmap, and those must be called from outside the new namespace. So two
processes take part: the one that unshares says so over a socket, the other one maps and answers.

Root needs no user namespace and gets none. Fails with HostError, saying what the kernel refused and how to mend it.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vmsim.host import command
from vmsim.lab import mounts, same_code
from vmsim.model.errors import HostError

NEW_MOUNT = 0x00020000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NET = 0x40000000

IDS_NEEDED = 65536
DOCTOR = "`vmsim doctor` names the command that mends it."

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Put this process (its children, for the PID namespace) into new namespaces."""
    if _libc.unshare(ctypes.c_int(flags)) != 0:
        number = ctypes.get_errno()
        raise HostError(f"The kernel refuses new namespaces: {os.strerror(number)}.", hint=DOCTOR)


def setns(descriptor: int, flags: int = 0) -> None:
    """Enter an existing namespace, or with several flags those of the process a pidfd stands for."""
    if _libc.setns(ctypes.c_int(descriptor), ctypes.c_int(flags)) != 0:
        number = ctypes.get_errno()
        raise HostError(f"The kernel refuses to enter a namespace: {os.strerror(number)}.")


def rootless() -> bool:
    return os.geteuid() != 0


def subordinate_ids(file: Path, name: str, number: int) -> tuple[int, int] | None:
    """The first range of a user in /etc/subuid or /etc/subgid that is large enough: (start, count)."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        owner, _, rest = line.strip().partition(":")
        start, _, count = rest.partition(":")
        if owner in (name, str(number)) and start.isdigit() and count.isdigit() and int(count) >= IDS_NEEDED:
            return int(start), int(count)
    return None


def map_ids(pid: int) -> None:
    """Map ids into the user namespace that process `pid` has just made: itself to root, the subordinate ones above."""
    user = pwd.getpwuid(os.getuid()).pw_name
    for program, file, own in (
        ("newuidmap", Path("/etc/subuid"), os.getuid()),
        ("newgidmap", Path("/etc/subgid"), os.getgid()),
    ):
        found = subordinate_ids(file, user, os.getuid())
        if found is None:
            raise HostError(
                f"{file} has no range of {IDS_NEEDED} ids for {user}.",
                hint=f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
            )
        start, count = found
        command.run([program, str(pid), "0", str(own), "1", "1", str(start), str(count)], timeout=10)


def become_root() -> None:
    """After the mapping: be root in every respect, without the groups of outside, which map to nobody here."""
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def run_mapped(argv: Sequence[str], *, timeout: float = 60.0) -> subprocess.CompletedProcess[bytes]:
    """Run a command as root of a user and mount namespace of its own, with all ids mapped (as root: the latter only).

    For what only the owner of subordinate ids may do: removing their files, filling a file system with owners.
    """
    here, there = socket.socketpair()
    with here, there:
        process = command.start(
            [*same_code.argv("vmsim.lab.namespaces"), str(there.fileno()), *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[there.fileno()],
            env=same_code.environment(),
        )
        there.close()
        try:
            if here.recv(16) == b"unshared":
                map_ids(process.pid)
                here.sendall(b"mapped")
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.communicate()
            raise
    return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


def main(arguments: Sequence[str]) -> None:
    """The other half of `run_mapped`: unshare, wait for the mapping, become the command."""
    with socket.socket(fileno=int(arguments[0])) as control:
        if rootless():
            unshare(NEW_USER | NEW_MOUNT)
            control.sendall(b"unshared")
            if control.recv(16) != b"mapped":
                raise HostError("The process that started this one is gone.")
            become_root()
        else:
            unshare(NEW_MOUNT)
    mounts.make_private()
    os.environ["PATH"] = command.search_path()
    os.execvp(arguments[1], list(arguments[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
