"""`vmsim doctor`: every precondition of a lab, looked at without starting one.

A check says what was found, why it matters and the one command that mends it. `ok` is None where something is missing
that vmsim can do without. What can be proved by doing is done (namespaces, filters, the accelerator), not guessed
from settings.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import pwd
import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path

import vmsim
from vmsim import config
from vmsim.config import Home, Settings
from vmsim.host import accelerator, command
from vmsim.host.ruleset import Guest, PublicAddress, Situation, ruleset
from vmsim.lab import images, namespaces, surroundings, way_out
from vmsim.model.errors import VmsimError
from vmsim.model.network import PUBLIC_RANGES

GIB = 2**30
DISK_NEEDED = 4 * GIB
MEMORY_NEEDED = 3 * GIB // 2
OLDEST_PYTHON = (3, 10)


@dataclass(frozen=True)
class Check:
    """One precondition: True it holds, False vmsim cannot work, None it works with less."""

    name: str
    ok: bool | None
    found: str
    why: str
    mend: str = ""


@dataclass(frozen=True)
class Program:
    """A program, the package that brings it, and what it is for."""

    name: str
    package: str
    purpose: str
    needed: bool = True


PROGRAMS = (
    Program("libvirtd", "libvirt-daemon", "the private libvirt"),
    Program("virsh", "libvirt-clients", "looking at the private libvirt by hand", needed=False),
    Program("qemu-system-x86_64", "qemu-system-x86", "the guests"),
    Program("qemu-img", "qemu-utils", "disks"),
    Program("qemu-storage-daemon", "qemu-system-common", "editing stopped guests' disks"),
    Program("dnsmasq", "dnsmasq-base", "the guests' addresses"),
    Program("nft", "nftables", "public addresses and security groups"),
    Program("ip", "iproute2", "the lab's network"),
    Program("nsenter", "util-linux", "going into the lab"),
    Program("fuse2fs", "fuse2fs", "editing stopped guests' disks"),
    Program("fusermount3", "fuse3", "editing stopped guests' disks"),
    Program("e2fsck", "e2fsprogs", "editing stopped guests' disks"),
    Program("resize2fs", "e2fsprogs", "growing disks"),
    Program("sfdisk", "fdisk", "growing disks"),
    Program("openssl", "openssl", "password hashes"),
    Program("ssh", "openssh-client", "vmsim ssh", needed=False),
    Program("mkfs.vfat", "dosfstools", "building the tiny image"),
    Program("mcopy", "mtools", "building the tiny image"),
    Program("syslinux", "syslinux", "building the tiny image"),
    Program("guestfish", "libguestfs-tools", "disks that are not ext4", needed=False),
)
_GUEST = Guest("tap-proof", "52:54:00:00:00:01", IPv4Address("10.0.0.2"), ("sg-proof",))
FILTERS = ruleset(Situation((PublicAddress(PUBLIC_RANGES[0][1], _GUEST.address, mbit=1),), (_GUEST,)))
"""What a lab would ask of nft: sets, translation, connections' states, limits, and a bridge's filter."""
_FILTERS_MEND = (
    "sudo modprobe -a bridge nf_tables nft_meta_bridge nft_ct nft_chain_nat nft_nat nft_limit "
    "(not found: a kernel with CONFIG_NF_TABLES_INET and CONFIG_NF_TABLES_BRIDGE)"
)
DRIVERS = {"qemu": "libvirt-daemon-driver-qemu", "network": "libvirt-daemon-driver-network"}


def checks(home: Home, settings: Settings, again: bool = False) -> list[Check]:
    """All of them, in the order in which they should be mended. `again` proves the accelerator anew."""
    proved = _namespaces()
    found = [_python(), _surroundings(proved), *_programs(), _way_out(), *_drivers(), _libvirt_module()]
    if namespaces.rootless():
        found += [*_subordinate_ids(), *_user_namespace_settings()]
    found += [proved, _filters(), *_devices(), _kvm_rights(), _disk(home), _memory()]
    return [*found, _accelerator(settings, again), *_versions()]


def report(home: Home, settings: Settings) -> dict[str, object]:
    """Everything worth knowing in a bug report; no key, password or content of a guest."""
    release = surroundings.read_release()
    return {
        "vmsim": vmsim.__version__,
        "system": release.get("PRETTY_NAME", "unknown"),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "python": sys.version,
        "surroundings": surroundings.look().kind,
        "rootless": namespaces.rootless(),
        "home": str(home.root),
        "cache": str(config.cache()),
        "settings": asdict(settings),
        "checks": [asdict(check) for check in checks(home, settings)],
    }


def _python() -> Check:
    version = platform.python_version()
    needed = ".".join(map(str, OLDEST_PYTHON))
    return Check("Python", sys.version_info >= OLDEST_PYTHON, version, f"{needed} or newer", _install("python3"))


def _surroundings(proved: Check) -> Check:
    here, why = surroundings.look(), "a lab is made of namespaces, mounts and devices"
    missing = surroundings.lacking() + ([] if proved.ok else ["the right to namespaces and mounts"])
    if here.kind == "machine" or not missing:
        return Check("surroundings", True, f"{here.kind}, which has what a lab needs", why)
    return Check("surroundings", False, f"{here.kind}, which lacks {', '.join(missing)}", why, here.needs)


def _programs() -> Iterator[Check]:
    for program in PROGRAMS:
        path = command.find(program.name)
        ok = True if path else (False if program.needed else None)
        yield Check(program.name, ok, path or "not found", program.purpose, "" if path else _install(program.package))
    if namespaces.rootless():
        for name in ("newuidmap", "newgidmap"):
            path = command.find(name)
            why = "an ordinary user's ids in the lab"
            yield Check(name, path is not None, path or "not found", why, "" if path else _install("uidmap"))


def _way_out() -> Check:
    """pasta is in Debian 12 and Ubuntu 23.04; before it there is slirp4netns."""
    program = way_out.found()
    path = command.find(program.name) if program else None
    mend = "" if path else f"{_install('passt')} (or slirp4netns)"
    return Check("way to the internet", True if path else None, path or "not found", "guests' way out", mend)


def _drivers() -> Iterator[Check]:
    for name, package in DRIVERS.items():
        found = list(Path("/usr/lib").glob(f"*/libvirt/connection-driver/libvirt_driver_{name}.so"))
        text = str(found[0]) if found else "not found"
        yield Check(f"libvirt {name} driver", bool(found), text, "libvirt", "" if found else _install(package))


def _libvirt_module() -> Check:
    there = importlib.util.find_spec("libvirt") is not None
    mend = "" if there else "pip install libvirt-python (needs libvirt-dev, pkg-config, gcc, python3-dev)"
    return Check("Python module libvirt", there, "found" if there else "not found", "talks to libvirt", mend)


def _subordinate_ids() -> Iterator[Check]:
    user = pwd.getpwuid(os.getuid()).pw_name
    for kind in ("uid", "gid"):
        file = Path(f"/etc/sub{kind}")
        ids = namespaces.subordinate_ids(file, user, os.getuid())
        found = f"{ids[1]} from {ids[0]}" if ids else "no line"
        mend = "" if ids else f"sudo usermod --add-sub{kind}s {free_range(file)} {user}"
        yield Check(f"{file} line", ids is not None, found, "the lab has more than one user", mend)


def free_range(file: Path) -> str:
    """A range of ids that overlaps none in the file, as usermod wants it."""
    ends = [100000]
    for line in file.read_text().splitlines() if file.exists() else []:
        _, first, count = [*line.strip().split(":"), "", ""][:3]
        if first.isdigit() and count.isdigit():
            ends.append(int(first) + int(count))
    return f"{max(ends)}-{max(ends) + namespaces.IDS_NEEDED - 1}"


def _user_namespace_settings() -> Iterator[Check]:
    """The settings by which distributions forbid them; where none is present, none forbids."""
    for name, bad, good in (
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("user.max_user_namespaces", "0", "10000"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ):
        file = Path("/proc/sys", *name.split("."))
        value = file.read_text().strip() if file.exists() else ""
        if value == bad:
            mend = f"echo {name}={good} | sudo tee /etc/sysctl.d/60-vmsim.conf && sudo sysctl --system"
            yield Check(name, None, value, "may forbid user namespaces to ordinary users", mend)


def _namespaces() -> Check:
    """Proved by doing: what the lab does first."""
    spaces = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork"]
    words = [*spaces, "sh", "-ec", "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run"]
    why = "the lab is made of them"
    try:
        done = namespaces.run_mapped(words, timeout=10)
    except VmsimError as error:
        return Check("namespaces", False, error.message, why, error.hint)
    said = done.stderr.decode(errors="replace").strip()
    mend = surroundings.look().needs or "see the settings above, or run vmsim as root"
    return Check("namespaces", done.returncode == 0, said or "made and left", why, "" if done.returncode == 0 else mend)


def _filters() -> Check:
    """Proved by doing: the rules of a lab with one guest, in both families, in a network namespace of its own."""
    words = ["unshare", "--net", "sh", "-c", 'printf %s "$1" | nft -f -', "sh", FILTERS]
    why = "security groups, public addresses, guests held to their own address"
    try:
        done = namespaces.run_mapped(words, timeout=10)
    except VmsimError as error:
        return Check("packet filters", False, error.message, why, error.hint)
    if done.returncode == 0:
        return Check("packet filters", True, "nft takes them, bridges' too", why)
    said = " ".join(done.stderr.decode(errors="replace").split()) or "refused without a word"
    return Check("packet filters", False, said, why, _FILTERS_MEND if command.find("nft") else _install("nftables"))


def _devices() -> Iterator[Check]:
    for device, module, why in (
        ("/dev/net/tun", "tun", "the guests' network cards"),
        ("/dev/fuse", "fuse", "editing stopped guests' disks"),
    ):
        if not Path(device).exists():
            yield Check(device, False, "not there", why, f"sudo modprobe {module}")
        elif not os.access(device, os.R_OK | os.W_OK):
            yield Check(device, False, "may not be opened", why, f"sudo chmod 0666 {device}")
        else:
            yield Check(device, True, "may be opened", why)


_FIRMWARE = "switch virtualisation on in the firmware, or go without"


def _kvm_rights() -> Check:
    """libvirt drops supplementary groups when it starts QEMU: membership in group kvm does not survive into the lab."""
    device, why = accelerator.DEVICE, "guests at full speed; without it they are emulated"
    if not device.exists():
        return Check(str(device), None, "not there", why, _FIRMWARE)
    if not namespaces.rootless() or device.stat().st_mode & 0o006 == 0o006 or _named_in_acl(device):
        return Check(str(device), True, "open to this user", why)
    user = pwd.getpwuid(os.getuid()).pw_name
    found = "by group only, which the lab cannot use" if os.access(device, os.R_OK | os.W_OK) else "may not be opened"
    # Rights to a device that cannot work would mend nothing.
    mend = f"sudo setfacl -m u:{user}:rw {device}" if accelerator.virtualises() else _FIRMWARE
    return Check(str(device), None, found, why, mend)


def _named_in_acl(device: Path) -> bool:
    """An entry (tag ACL_USER = 2, read and write = 6) for this user in the POSIX ACL."""
    try:
        entries = os.getxattr(device, "system.posix_acl_access")[4:]
    except OSError:
        return False
    return any(
        tag == 2 and rights & 6 == 6 and uid == os.getuid() for tag, rights, uid in struct.iter_unpack("<HHI", entries)
    )


def _disk(home: Home) -> Check:
    folder = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB free at {folder}"
    mend = "" if free >= DISK_NEEDED else "free some space, or set VMSIM_HOME to a larger disk"
    return Check("disk space", free >= DISK_NEEDED, found, f"{DISK_NEEDED // GIB} GiB for images and disks", mend)


def _memory() -> Check:
    amounts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(amounts["MemAvailable"].split()[0]) * 1024
    enough = free >= MEMORY_NEEDED
    mend = "" if enough else "end something large; tiny guests take 128 MiB and their emulator as much again"
    return Check("memory", True if enough else None, f"{free / GIB:.1f} GiB available", "guests", mend)


def _accelerator(settings: Settings, again: bool) -> Check:
    why = "KVM is many times faster than emulation"
    try:
        verdict = accelerator.probe(config.cache(), settings.accel, again, images.folder() / f"{images.DEFAULT}.qcow2")
    except VmsimError as error:
        return Check("accelerator", False, error.message, why, error.hint)
    ok = True if verdict.accelerator == "kvm" and verdict.proved else None
    mend = "" if verdict.proved else "vmsim image build tiny && vmsim doctor --again"
    return Check("accelerator", ok, f"{verdict.accelerator}: {verdict.reason}", why, mend)


def _versions() -> Iterator[Check]:
    for name in ("libvirtd", "qemu-system-x86_64", "dnsmasq", "nft"):
        if command.find(name):
            said = command.run([name, "--version"], check=False).stdout.splitlines()
            yield Check(f"{name} version", True, said[0] if said else "unknown", "for reports")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _install(package: str) -> str:
    return f"sudo apt-get install --no-install-recommends {package}"
