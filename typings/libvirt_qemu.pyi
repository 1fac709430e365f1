"""The part of libvirt-python's QEMU module that vmsim calls."""

import libvirt

VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP: int

def qemuMonitorCommand(domain: libvirt.virDomain, cmd: str, flags: int) -> str: ...
