"""Whether a guest listens to its power button, read from the ACPI hardware itself.

A guest whose button driver is bound has set a bit in the enable register; a press then sets the same bit in the status
register and interrupts the guest, whose kernel clears it. So without any agent in the guest:

    enable bit clear                 nobody listens (still in its boot loader, deaf, dead): a press leaves no trace
    enable set, status set           pressed, and not yet taken by the kernel (paused, or its CPUs hang)
    enable set, status clear         listening; after a press: the kernel took it

The registers are where i440fx has them (SeaBIOS puts PIIX4's power management at 0x600): domain_xml.py chooses that
machine. Reading them changes nothing. There is no verdict on any other machine, when QEMU does not answer, and in the
first moments of a start, until the firmware has put the registers in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vmsim.host.domain import Domains
from vmsim.model.errors import LibvirtError, NotFound

_STATUS = 0x600
_ENABLE = 0x602
_POWER_BUTTON = 1 << 8
_NOTHING_THERE = 0xFFFF


@dataclass(frozen=True)
class Button:
    """`listening`: the guest's driver is bound. `pending`: pressed, and not yet taken."""

    listening: bool
    pending: bool


def state(domains: Domains, uuid: str) -> Button | None:
    """What the registers say; None when there is no verdict."""
    try:
        status = _value(domains.monitor(uuid, f"i /h {_STATUS:#x}"))
        enable = _value(domains.monitor(uuid, f"i /h {_ENABLE:#x}"))
    except (LibvirtError, NotFound):
        return None
    if status is None or enable is None or _NOTHING_THERE in (status, enable):
        return None
    return Button(listening=bool(enable & _POWER_BUTTON), pending=bool(status & _POWER_BUTTON))


def _value(said: str) -> int | None:
    """QEMU answers `portw[0x0602] = 0x0120`."""
    found = re.search(r"port[bwl]\[0x[0-9a-f]+\] = (?:0x)?([0-9a-f]+)", said)
    return int(found[1], 16) if found else None
