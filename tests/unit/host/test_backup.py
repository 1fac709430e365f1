"""The XML that libvirt is given. What it does with it is seen on real guests (tests/integration/test_images.py)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from vmsim.host import backup
from vmsim.host.domain import Domains
from vmsim.host.domain_xml import DomainSpec


def test_only_the_disks_that_are_named_take_part() -> None:
    root = ElementTree.fromstring(backup.backup_xml({"vdb": Path("/a & b.qcow2")}))
    assert (root.tag, root.get("mode")) == ("domainbackup", "push")
    (disk,) = root.iterfind("disks/disk")
    target = disk.find("target")
    assert (disk.get("name"), disk.get("backupmode")) == ("vdb", "full")
    assert target is not None and target.get("file") == "/a & b.qcow2"


@pytest.mark.parametrize("defined", [False, True])
def test_a_guest_that_does_not_run_gives_nothing(domains: Domains, spec: DomainSpec, defined: bool) -> None:
    """libvirt's test driver has no backup: it refuses, and the domain is off."""
    if defined:
        domains.define(spec)
    assert not backup.take(domains, spec.uuid, {"vda": Path("/nowhere")}, lambda _percent: None)
