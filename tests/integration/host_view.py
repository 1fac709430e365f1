"""What a lab must never change of this machine, and the namespaces it has while it is up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vmsim.host import command


def host_view() -> dict[str, str]:
    """What a lab must never change."""
    seen = {}
    for words in ("ip -o link", "ip route show table all", "nft list ruleset", "ip netns list"):
        seen[words] = command.run(words.split(), check=False).stdout
    seen["mounts"] = Path("/proc/self/mountinfo").read_text()
    for folder in (
        "/etc/libvirt",
        "/var/lib/libvirt",
        "/var/cache/libvirt",
        "/var/log/libvirt",
        "/run/libvirt",
        "/run",
    ):
        seen[folder] = command.run(["ls", "-lAR", "--time-style=full-iso", folder], check=False).stdout
    for file in ("/etc/passwd", "/etc/group"):
        seen[file] = Path(file).read_text()
    return seen


@contextmanager
def pinned_namespaces(pid: int) -> Iterator[set[str]]:
    """Those of a process that are not this one's, held open: else the kernel gives a freed one's number to the next."""
    with ExitStack() as stack:
        held: set[str] = set()
        for path in Path(f"/proc/{pid}/ns").iterdir():
            stack.enter_context(path.open("rb"))
            held.add(str(path.readlink()))
        yield held - namespaces_of(os.getpid())


def namespaces_of(pid: int) -> set[str]:
    return {str(path.readlink()) for path in Path(f"/proc/{pid}/ns").iterdir()}


def all_namespaces() -> set[str]:
    found: set[str] = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            found |= namespaces_of(int(path.name))
        except OSError:
            continue
    return found
