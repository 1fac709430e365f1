"""A running guest's disks as they are at one moment, written by its own QEMU into files that depend on no other.

libvirt's backup job in push mode: what the guest overwrites meanwhile is saved first, so the files have what was on the
disks when the job began, everything that the guest had flushed included. A domain has one such job at a time; the
caller sees to that. When the guest goes off the job fails and libvirt removes its files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import libvirt

from vmsim.host.domain import Domains
from vmsim.model.errors import LibvirtError, NotFound, TimedOut

Progress = Callable[[int], None]
"""Told how many percent are done."""

STANDSTILL = 120.0
_INTERVAL = 0.1
_NOTICED = 5.0


def take(domains: Domains, uuid: str, targets: Mapping[str, Path], progress: Progress) -> bool:
    """Copy disks (by their name in the guest) into new files; False when it came to nothing, whatever the reason.

    Raises TimedOut when it stands still, and LibvirtError when it cannot even begin on a guest that runs.
    """
    abandon(domains, uuid)
    xml = backup_xml(targets)
    try:
        domains.on_raw(uuid, lambda domain: domain.backupBegin(xml, None, 0), again=False)
        return _wait(domains, uuid, progress)
    except (LibvirtError, NotFound):
        if not _ends(domains, uuid):
            raise
        return False


def abandon(domains: Domains, uuid: str) -> None:
    """End a backup that a killed daemon left behind; its files are incomplete."""
    try:
        if not _job(domains, uuid):
            return
        domains.on_raw(uuid, lambda domain: domain.abortJob())
        deadline = time.monotonic() + STANDSTILL
        while _job(domains, uuid):
            if time.monotonic() > deadline:
                raise TimedOut(f"An earlier copy of the disks of domain {uuid} does not end.")
            time.sleep(_INTERVAL)
    except (LibvirtError, NotFound):
        if not _ends(domains, uuid):
            raise


def _ends(domains: Domains, uuid: str) -> bool:
    """A call that fails because QEMU has gone comes back before libvirt has noticed that it has."""
    deadline = time.monotonic() + _NOTICED
    while domains.status(uuid).active:
        if time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)
    return True


def backup_xml(targets: Mapping[str, Path]) -> str:
    """Disks that are not named take no part."""
    root = Element("domainbackup", mode="push")
    disks = SubElement(root, "disks")
    for name, path in targets.items():
        disk = SubElement(disks, "disk", name=name, type="file", backupmode="full")
        SubElement(disk, "driver", type="qcow2")
        SubElement(disk, "target", file=str(path))
    return ElementTree.tostring(root, encoding="unicode")


def _wait(domains: Domains, uuid: str, progress: Progress) -> bool:
    seen, since = -1, time.monotonic()
    while job := _job(domains, uuid):
        done, whole = int(job.get("disk_processed", 0)), max(int(job.get("disk_total", 0)), 1)
        if done != seen:
            seen, since = done, time.monotonic()
            progress(min(99, 100 * done // whole))
        elif time.monotonic() - since > STANDSTILL:
            abandon(domains, uuid)
            raise TimedOut(f"Copying the disks of domain {uuid} has stood still for {STANDSTILL:.0f} s.")
        time.sleep(_INTERVAL)
    ended = domains.on_raw(uuid, lambda domain: domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED))
    backup = ended.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
    return backup and ended.get("type") == libvirt.VIR_DOMAIN_JOB_COMPLETED


def _job(domains: Domains, uuid: str) -> dict[str, Any]:
    """The backup that is under way, {} when there is none."""
    found = domains.on_raw(uuid, lambda domain: domain.jobStats(0))
    under_way = found.get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
    backup = found.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
    return found if under_way and backup else {}
