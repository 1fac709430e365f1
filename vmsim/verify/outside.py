"""What is to be seen of a guest from the host: its QEMU, its domain, its disk files, its serial log, its addresses.

QEMU is found among the lab's processes by its command line and held by a pidfd, so that a pid used again is never taken
for it. libvirt is asked by virsh inside the lab: another witness than the daemon.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import psutil

from vmsim.host import command
from vmsim.host.process import Process
from vmsim.lab import same_code
from vmsim.lab.lab import Lab
from vmsim.model.errors import HostError

PATIENT = 10
"""Seconds for a guest that is on to answer, on however busy a machine."""
SILENT = 2
"""Seconds of silence that tell that nobody is there: one that is on answers in a small part of it."""
_READY = "VMSIM-READY"
_INIT = "vmsim-tiny: "
_PRESS = "power button"


class Outside:
    """One guest seen from the host."""

    def __init__(self, lab: Lab, instance_id: str) -> None:
        self._lab = lab
        self._id = instance_id

    def qemu(self) -> Process:
        """Its QEMU, held. Raises HostError when there is none."""
        for pid in self._lab.processes():
            if _is_qemu_of(pid, self._id):
                return Process(pid)
        raise HostError(f"{self._id} has no QEMU process.")

    def virsh(self, *words: str) -> str:
        """What virsh says inside the lab."""
        return self._inside_lab("virsh", "--connect", self._lab.settings.libvirt_uri, *words).strip()

    def domain_state(self) -> str:
        """For example "shut off (shutdown)"."""
        return self.virsh("domstate", self._id, "--reason")

    def managed_save(self) -> str:
        """ "yes" when its memory was saved, "no" when not."""
        lines = self.virsh("dominfo", self._id).splitlines()
        return next((line.split()[-1] for line in lines if line.startswith("Managed save:")), "unknown")

    def virtual_size(self, disk: Path) -> int:
        """Bytes of the disk as the guest would see it; also while it runs."""
        found = json.loads(command.run(["qemu-img", "info", "-U", "--output", "json", disk]).stdout)
        return int(found["virtual-size"])

    def sound(self, disk: Path) -> bool:
        """Is the image file without errors and leaks?"""
        return command.run(["qemu-img", "check", "-q", disk], check=False).returncode == 0

    def checksum(self, disk: Path, length: int) -> str:
        """SHA-256 of the first bytes of a disk that no guest uses."""
        copy = disk.with_suffix(".checked")
        block = 65536
        argv = ["qemu-img", "dd", "-f", "qcow2", "-O", "raw", f"bs={block}", f"count={length // block}"]
        try:
            command.run([*argv, f"if={disk}", f"of={copy}"])
            return hashlib.sha256(copy.read_bytes()).hexdigest()
        finally:
            copy.unlink(missing_ok=True)

    def answers(self, address: str, *ports: int, limit: float = PATIENT) -> dict[str, bool]:
        """From inside the lab: "ping", and each port by its number."""
        return {name: not why for name, why in self.refusals(address, *ports, limit=limit).items()}

    def refusals(self, address: str, *ports: int, limit: float = PATIENT) -> dict[str, str]:
        """As `answers`, with what a client is told where nothing does; "" where something does."""
        words = [*same_code.argv("vmsim.verify.knock"), address, str(limit), *map(str, ports)]
        told: dict[str, str] = json.loads(self._inside_lab(*words))
        return told

    def host_key_at(self, address: str, limit: int = PATIENT) -> str:
        """From inside the lab: the host key that whoever answers there on port 22 shows; "" when nobody does."""
        argv = self._lab.enter(["ssh-keyscan", "-T", str(limit), "-t", "ed25519", address])
        lines = [line for line in command.run(argv, check=False).stdout.splitlines() if not line.startswith("#")]
        return lines[0].partition(" ")[2].strip() if lines else ""

    def stop_lines(self) -> tuple[str, ...]:
        """What the tiny image's init said on the serial console since it was up, but for the press itself."""
        log = self._lab.home.serial_log(self._id).read_text(errors="replace")
        return own_words(log)

    def _inside_lab(self, *words: str) -> str:
        return command.run(self._lab.enter(words), env=same_code.environment()).stdout


def own_words(log: str) -> tuple[str, ...]:
    """The lines of init in the last boot of a serial log; a login prompt may stand before one."""
    last_boot = log.rpartition(_READY)[2]
    said = (line.rpartition(_INIT)[2].strip() for line in last_boot.splitlines() if _INIT in line)
    return tuple(line for line in said if line != _PRESS)


def _is_qemu_of(pid: int, instance_id: str) -> bool:
    try:
        words: list[Any] = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return any(f"guest={instance_id}" in word.split(",") for word in words)
