"""libvirt's own test driver, in this process: a node of its own for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.domain_xml import DiskSpec, DomainSpec, InterfaceSpec

UUID = "7b2f1c9a-5f0e-4c61-9f1e-0a1b2c3d4e5f"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    node = tmp_path / "node.xml"
    shutil.copy(Path(__file__).with_name("test_driver.xml"), node)
    with Connection(f"test://{node}") as opened:
        yield opened


@pytest.fixture
def domains(connection: Connection) -> Domains:
    return Domains(connection)


@pytest.fixture
def spec() -> DomainSpec:
    return DomainSpec(
        instance_id="ins-3k9x0q2a",
        uuid=UUID,
        cpus=2,
        memory_mib=256,
        disks=(
            DiskSpec(Path("/disks/a & b.qcow2"), "disk-00000001", "vda"),
            DiskSpec(Path("/disks/seed.img"), "seed", "vdb", format="raw", read_only=True),
        ),
        interfaces=(InterfaceSpec("52:54:00:10:00:02", "subnet-00000001", isolated=True),),
        serial_log=Path("/logs/serial.log"),
        serial_socket=Path("/run/x.serial"),
        display_socket=Path("/run/x.vnc"),
    )
