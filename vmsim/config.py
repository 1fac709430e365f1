"""Where vmsim keeps what, and what can be set.

A *home* is one independent vmsim: its database, disks, keys and logs (`$VMSIM_HOME`). Sockets live in a short folder of
their own, because the kernel cuts their paths at 107 bytes. Built images are shared between homes (`$VMSIM_CACHE`).
"""

from __future__ import annotations

import configparser
import hashlib
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vmsim.model.errors import UsageError
from vmsim.model.regions import region

DEFAULT_PORT = 8321
DEFAULT_REGION = "ap-guangzhou"


@dataclass(frozen=True)
class Home:
    """The paths of one home; making folders is the lab's job."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "vmsim.db"

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.ini"

    @property
    def lab_file(self) -> Path:
        """What the running lab is: init's pid and start time, port, boot id (JSON). Written by the lab alone."""
        return self.root / "lab.json"

    @property
    def lab_copy(self) -> Path:
        """The same once more, where nobody's hand or `rm` in the home reaches it. Gone with the lab."""
        return self.runtime / "lab.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    @property
    def credentials(self) -> Path:
        """The first API key, for `vmsim env` (mode 0600)."""
        return self.root / "credentials.json"

    @property
    def authority(self) -> Path:
        """The certificate authority by which programs take this home for the cloud."""
        return self.root / "ca"

    @property
    def keys(self) -> Path:
        """The home's own SSH key, and known hosts."""
        return self.root / "keys"

    @property
    def images(self) -> Path:
        """Base images that disks of this home are backed by."""
        return self.root / "images"

    @property
    def instances(self) -> Path:
        return self.root / "instances"

    @property
    def disks(self) -> Path:
        """Disks that belong to no instance, or that outlive it."""
        return self.root / "disks"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def libvirt(self) -> Path:
        """What the private libvirt sees as /etc, /var/lib, /var/cache and /var/log/libvirt."""
        return self.root / "libvirt"

    def instance(self, instance_id: str) -> Path:
        """The folder of one instance: its disks and serial log."""
        return self.instances / instance_id

    def serial_log(self, instance_id: str) -> Path:
        return self.instance(instance_id) / "serial.log"

    @property
    def runtime(self) -> Path:
        """A folder with a short path for sockets (0700, the same path inside and outside the lab)."""
        digest = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:8]
        return Path(f"/tmp/vmsim-{os.getuid()}-{digest}") if not _inside() else Path(os.environ["VMSIM_RUNTIME"])

    @property
    def api_socket(self) -> Path:
        """HTTP: the local API (and Tencent's, unsigned, for the CLI)."""
        return self.runtime / "api.sock"

    @property
    def connect_socket(self) -> Path:
        """Hands out sockets connected inside the lab (SCM_RIGHTS)."""
        return self.runtime / "connect.sock"

    @property
    def broker_socket(self) -> Path:
        """Where the daemon says which ports of the workstation lead inside; what listens runs outside the lab."""
        return self.runtime / "broker.sock"

    def serial_socket(self, instance_id: str) -> Path:
        return self.runtime / f"{instance_id}.serial"

    def display_socket(self, instance_id: str) -> Path:
        """The guest's screen (VNC)."""
        return self.runtime / f"{instance_id}.vnc"

    def monitor_socket(self, instance_id: str) -> Path:
        return self.runtime / f"{instance_id}.monitor"


def _inside() -> bool:
    """Inside the lab our uid reads 0: the folder made outside is handed in by name."""
    return "VMSIM_RUNTIME" in os.environ


def home(environment: Mapping[str, str] = os.environ) -> Home:
    """The home that is meant: $VMSIM_HOME, else ~/.local/share/vmsim."""
    named = environment.get("VMSIM_HOME")
    if named:
        return Home(Path(named).expanduser().absolute())
    data = environment.get("XDG_DATA_HOME") or str(_users_folder(environment) / ".local/share")
    return Home(Path(data).absolute() / "vmsim")


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Built images and the accelerator's verdict, shared by all homes of a user: $VMSIM_CACHE, else ~/.cache/vmsim."""
    named = environment.get("VMSIM_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    base = environment.get("XDG_CACHE_HOME") or str(_users_folder(environment) / ".cache")
    return Path(base).absolute() / "vmsim"


def _users_folder(environment: Mapping[str, str]) -> Path:
    """$HOME; where it is unset or empty, what the user database says."""
    return Path(environment.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


@dataclass(frozen=True)
class Settings:
    """What a home can be told, in the [vmsim] section of settings.ini or by VMSIM_<NAME>. Times are seconds."""

    port: int = DEFAULT_PORT
    accel: str = "auto"
    region: str = DEFAULT_REGION
    cam_role: str = "vmsim"
    libvirt_uri: str = "qemu:///system"
    soft_stop_limit: float = 300.0
    press_interval: float = 10.0
    reconcile_interval: float = 10.0
    boot_limit: float = 120.0
    down_limit: float = 60.0
    detach_limit: float = 60.0
    workers: int = 16
    offline: bool = False
    type_change_powers_on: bool = False
    launch_failed_kept: float = 7200.0
    recycle_bin_kept: float = 604800.0
    serial_log_bytes: int = 4 * 2**20
    log_bytes: int = 4 * 2**20
    events_kept: int = 100_000
    sample_interval: float = 10.0
    samples_kept: float = 21_600.0


def settings(home: Home, environment: Mapping[str, str] = os.environ) -> Settings:
    """Defaults, then settings.ini, then VMSIM_… variables. Raises UsageError naming what cannot be read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        # Not by its path: a file that may not be read would count as none.
        with home.settings_file.open() as lines:
            parser.read_file(lines)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UsageError(f"{home.settings_file} cannot be read: {error.strerror}.") from error
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{home.settings_file} cannot be read: {error}") from error
    file = dict(parser["vmsim"]) if parser.has_section("vmsim") else {}
    known = {field.name: field for field in fields(Settings)}
    unknown = sorted(set(file) - set(known))
    if unknown:
        raise UsageError(f"{home.settings_file}: unknown setting {unknown[0]}.", hint=f"Known: {', '.join(known)}.")
    values: dict[str, Any] = {}
    for name in known:
        text = environment.get(f"VMSIM_{name.upper()}", file.get(name))
        if text:
            values[name] = _converted(name, text, getattr(Settings, name))
    result = Settings(**values)
    _check(result)
    return result


def _check(found: Settings) -> None:
    if found.accel not in ("auto", "kvm", "tcg"):
        raise UsageError(f"accel is {found.accel!r}.", hint="Set VMSIM_ACCEL to auto, kvm or tcg.")
    region(found.region)
    for name, value in vars(found).items():
        low, high = _BOUNDS.get(name, (0, _MOST))
        if isinstance(value, (int, float)) and not low <= value <= high:
            raise UsageError(f"setting {name} is {value}; it must be {low} or more, up to {high:g}.")


_MOST = 1e9
"""What is more, some clock, timer or column does not hold."""
_DAY = 86400.0
"""The longest that an operation may be given."""
_BOUNDS = {
    "port": (0, 65535),
    "workers": (1, 1000),
    "press_interval": (0.1, _DAY),
    "soft_stop_limit": (0, _DAY),
    "down_limit": (0, _DAY),
    "detach_limit": (0, _DAY),
    "sample_interval": (1, _DAY),
    "reconcile_interval": (0.1, _DAY),
}
_KINDS = {bool: "true or false", int: "a whole number", float: "a number"}


def _converted(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except (ValueError, KeyError) as error:
        raise UsageError(f"setting {name} is {text!r}; it must be {_KINDS[type(default)]}.") from error
    return text
