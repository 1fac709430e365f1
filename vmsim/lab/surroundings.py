"""What this system runs in: a plain machine, a container of some kind, or WSL, and what each must be given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TOLD = "container"
DEVICES = ("/dev/net/tun", "/dev/fuse")

# Kind → the options with which a lab can live in it.
_NEEDS = {
    "docker": (
        "docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined"
        " --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        " --device /dev/net/tun --device /dev/fuse --device /dev/kvm …"
    ),
    "podman": (
        "podman run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined"
        " --security-opt unmask=ALL --device /dev/net/tun --device /dev/fuse --device /dev/kvm …"
    ),
    "lxc": "lxc config set NAME security.nesting=true; lxc config device add NAME tun unix-char path=/dev/net/tun",
    "systemd-nspawn": (
        "systemd-nspawn --capability=all --bind=/dev/net/tun --bind=/dev/fuse --bind=/dev/kvm"
        " --property=DeviceAllow='char-misc rwm' …"
    ),
    "wsl2": "in %UserProfile%\\.wslconfig, section [wsl2]: nestedVirtualization=true; then: wsl --shutdown",
    "wsl1": "wsl --set-version DISTRIBUTION 2",
    "container": "give it CAP_SYS_ADMIN, CAP_NET_ADMIN, an unmasked /proc and /sys, /dev/net/tun and /dev/fuse",
}


@dataclass(frozen=True)
class Surroundings:
    """`kind` is "machine" or what contains us; `needs` the command that gives it what a lab needs."""

    kind: str
    needs: str


def look(root: Path = Path("/")) -> Surroundings:
    kind = _wsl(root) or _container(root) or "machine"
    return Surroundings(kind, _NEEDS.get(kind, ""))


def lacking() -> list[str]:
    """The devices that are not there at all (rights are another matter)."""
    return [device for device in DEVICES if not Path(device).exists()]


def _wsl(root: Path) -> str:
    release = _text(root / "proc/sys/kernel/osrelease")
    if "microsoft" not in release.lower():
        return ""
    return "wsl2" if "WSL2" in release or "microsoft-standard" in release else "wsl1"


def _container(root: Path) -> str:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    # systemd's convention, kept by lxc, systemd-nspawn and podman; PID 1's environment is readable by root only.
    told = _text(root / "run/systemd/container").strip() or os.environ.get(_TOLD, "") or _of_pid_1(root)
    if told.startswith("lxc"):
        return "lxc"
    return told if told in _NEEDS else ("container" if told else "")


def _of_pid_1(root: Path) -> str:
    for entry in _text(root / "proc/1/environ").split("\0"):
        if entry.startswith(f"{_TOLD}="):
            return entry.partition("=")[2]
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def read_release(root: Path = Path("/")) -> dict[str, str]:
    """/etc/os-release."""
    pairs = (line.partition("=") for line in _text(root / "etc/os-release").splitlines() if "=" in line)
    return {name: value.strip('"') for name, _, value in pairs}
