"""The private libvirt of a lab: its folders and its configuration.

It runs as root of the lab, without polkit, cgroups, security drivers and virtlogd: inside a user namespace root *is*
the user, so no file ever changes its owner, and a log written by QEMU itself survives the death of every daemon.
"""

from __future__ import annotations

import uuid
from pathlib import Path

LIBVIRTD = "/run/vmsim/libvirtd"
SOCKET = Path("/run/libvirt/libvirt-sock")

_FOLDERS = {
    "/etc/libvirt": "etc",
    "/var/lib/libvirt": "lib",
    "/var/cache/libvirt": "cache",
    "/var/log/libvirt": "log",
}

_QEMU = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
swtpm_user = "root"
swtpm_group = "root"
"""

_LIBVIRTD = """\
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0700"
log_level = 3
log_outputs = "3:stderr"
host_uuid = "{uuid}"
"""

# libvirt 10.4 and later asks which tool its own network rules need; ours are `forward mode='open'` and have none.
_NETWORK = 'firewall_backend = "nftables"\n'


def folders(root: Path) -> dict[str, str]:
    """What libvirt calls its folders → where they really are, in the home."""
    return {target: str(root / name) for target, name in _FOLDERS.items()}


def resolver(root: Path) -> dict[str, str]:
    """What its dnsmasqs ask about names that they do not know: the file they read → ours."""
    return {"/etc/resolv.conf": str(root / "resolv.conf")}


def write(root: Path) -> None:
    """Make the folders and write the configuration; what is there is written again, so that a newer vmsim wins."""
    for name in _FOLDERS.values():
        (root / name).mkdir(parents=True, exist_ok=True)
    identity = uuid.uuid5(uuid.NAMESPACE_URL, root.as_uri())
    (root / "etc" / "qemu.conf").write_text(_QEMU)
    (root / "etc" / "libvirtd.conf").write_text(_LIBVIRTD.format(uuid=identity))
    (root / "etc" / "network.conf").write_text(_NETWORK)
