"""The accounts that Debian's libvirt insists on, in the lab's own /etc/passwd and /etc/group.

libvirt looks up its default QEMU user even when told another one, and its dnsmasq changes to a user of its own. Those
accounts are made by the package that also starts the host's libvirt, which vmsim does without. Ids are Debian's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_LINES = {
    "passwd": {
        "libvirt-qemu": "libvirt-qemu:x:64055:64055:vmsim:/nonexistent:/usr/sbin/nologin",
        "libvirt-dnsmasq": "libvirt-dnsmasq:x:64056:64056:vmsim:/nonexistent:/usr/sbin/nologin",
    },
    "group": {
        "libvirt-qemu": "libvirt-qemu:x:64055:",
        "libvirt-dnsmasq": "libvirt-dnsmasq:x:64056:",
        "kvm": "kvm:x:64057:",
    },
}


def complete(own: Path, etc: Path = Path("/etc")) -> Mapping[str, str]:
    """Copies in `own` of the files that lack an account, completed: what must be covered → by what."""
    covers = {}
    for name, lines in _LINES.items():
        text = (etc / name).read_text(errors="surrogateescape")
        present = {line.partition(":")[0] for line in text.splitlines()}
        missing = [line for account, line in lines.items() if account not in present]
        if missing:
            whole = "\n".join([*text.splitlines(), *missing, ""])
            (own / name).write_text(whole, errors="surrogateescape")
            covers[str(etc / name)] = str(own / name)
    return covers
