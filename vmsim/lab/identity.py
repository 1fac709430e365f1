"""Which process is the lab's PID 1, as seen from outside, and which processes live in the lab.

A pid alone is no identity: it may be recycled, and after a reboot its start time may be too. lab.json therefore holds
the pid, its start time in clock ticks and the host's boot id; all three must fit, or the lab is not running.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

HOST_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class LabRecord:
    """lab.json: what is running, written before it may begin."""

    pid: int
    started: int
    host_boot: str
    namespace: str
    boot_id: str
    port: int
    since: float
    proxy_port: int = 0  # a lab that an older vmsim started has none
    offline: bool = True

    def alive(self) -> bool:
        return started(self.pid) == self.started and HOST_BOOT.read_text().strip() == self.host_boot

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)


def record(pid: int, boot_id: str, port: int, since: float, proxy_port: int = 0, *, offline: bool = True) -> LabRecord:
    """Of a PID 1 that has just been made."""
    host_boot = HOST_BOOT.read_text().strip()
    return LabRecord(pid, started(pid) or 0, host_boot, _namespace(pid), boot_id, port, since, proxy_port, offline)


def load(path: Path) -> LabRecord | None:
    """The record, or None where there is none that can be read (torn by a power cut, or by somebody's hand)."""
    try:
        found = json.loads(path.read_text())
        return LabRecord(**found) if all(type(found[name]) in kinds for name, kinds in _KINDS.items()) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("pid", "started", "port"), (int,)),
    **dict.fromkeys(("host_boot", "namespace", "boot_id"), (str,)),
    "since": (int, float),
}


def started(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def processes(namespace: str) -> dict[int, int]:
    """The living processes of a PID namespace: outer pid → pid inside."""
    if not namespace:
        return {}
    return {pid: _inner(pid) for pid in _pids() if _namespace(pid) == namespace and started(pid)}


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _namespace(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _inner(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    except OSError:
        return 0
    return 0
