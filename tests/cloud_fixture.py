"""A real cloud without workers: a SQLite store, libvirt's own test driver (a node for each cloud), a clock to set.

What is asked is recorded and stays under way until the test settles it, so every state can be looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from vmsim.cloud import instances as cloud_instances
from vmsim.cloud import state
from vmsim.cloud.context import Cloud
from vmsim.cloud.launch import launch
from vmsim.cloud.operations_log import operations_of
from vmsim.cloud.state import Outcome
from vmsim.config import Home, Settings
from vmsim.host import qcow2
from vmsim.host.accelerator import Verdict
from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.network import Networks
from vmsim.model.disk import Disk
from vmsim.model.image import Image
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.launch import DataDiskRequest, LaunchRequest
from vmsim.model.lifecycle import InstanceState, Verb
from vmsim.model.operation import Caller, OperationRecord
from vmsim.store import disks, images, instances
from vmsim.store.database import Store

REGION = "ap-guangzhou"
DEAF_LIMIT = 0.3
"""The test driver has no power button: each of its guests is deaf to it."""
CALLER = Caller("cli", "a test")
IMAGE = Image(
    id="img-test0000",
    name="test",
    os_name="a test",
    platform="Debian",
    architecture="x86_64",
    size_gib=1,
    memory_mib=128,
    login_user="root",
    path="/nowhere/test.qcow2",
    sha256="0" * 64,
    created=datetime(2026, 1, 1, tzinfo=timezone.utc),
)
NODE = """<node>
  <cpu><mhz>2000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes><sockets>1</sockets>
  <cores>2</cores><threads>1</threads></cpu><memory>8000000</memory></node>"""


@dataclass
class SetClock:
    """This machine's clocks, and what the test adds to them."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@contextmanager
def opened(folder: Path) -> Iterator[Cloud]:
    home = Home(folder / "home")
    home.root.mkdir(parents=True)
    node = folder / "node.xml"
    node.write_text(NODE)
    store = Store(home.database)
    with Connection(f"test://{node}", patience=1.0) as connection:
        cloud = Cloud(
            home=home,
            settings=Settings(soft_stop_limit=DEAF_LIMIT, press_interval=0.1),
            store=store,
            domains=Domains(connection),
            networks=Networks(connection),
            clock=SetClock(),
            lab_boot="boot",
            accelerator=Verdict("tcg", "max", "a test", proved=True),
        )
        connection.subscribe(lambda event: cloud.memory.note(event) if event.uuid else None)
        with store.writing() as writing:
            images.put(writing, IMAGE)
        yield cloud
    store.close()


def request(**wanted: Any) -> LaunchRequest:
    return LaunchRequest(**{"region": REGION, "image": IMAGE.id, "keep_image_login": True, **wanted})


def launched(cloud: Cloud, state_: InstanceState = InstanceState.STOPPED, **wanted: Any) -> Instance:
    """One whose launch has ended in this state."""
    (made,) = launch(cloud, request(**wanted), caller=CALLER, request_id="launch")
    settled(cloud, made.id)
    return put(cloud, made.id, state=state_, latest=LatestOperation())


def put(cloud: Cloud, ident: str, **fields: Any) -> Instance:
    """Make the record say so."""
    with cloud.store.writing() as connection:
        instances.change(connection, ident, **fields)
    return now(cloud, ident)


def now(cloud: Cloud, ident: str) -> Instance:
    return cloud_instances.get(cloud, ident)


def submit(
    cloud: Cloud, verb: Verb, *ids: str, arguments: dict[str, Any] | None = None, **more: Any
) -> tuple[OperationRecord, ...]:
    asked = {"region": None, "caller": CALLER, "request_id": "asked", **more}
    return cloud_instances.submit(cloud, verb, ids, arguments or {}, **asked)


def settled(cloud: Cloud, ident: str, outcome: Outcome | None = None) -> None:
    """End what is under way on it as its worker would."""
    (record,) = operations_of(cloud, ident, 1)
    state.settle(cloud, record, outcome or Outcome(True))


def with_disk_files(cloud: Cloud) -> Instance:
    """An instance with a disk that stays and one that goes, and their files."""
    instance = launched(cloud, data_disks=(DataDiskRequest(1, delete_with_instance=False), DataDiskRequest(1)))
    cloud.home.instance(instance.id).mkdir(parents=True)
    for disk in instance.data_disks:
        qcow2.create_empty(Path(disk.path), 2**30)
    return instance


def recorded_disk(cloud: Cloud, disk: Disk) -> Disk:
    with cloud.store.reading() as connection:
        found = disks.one(connection, disk.id)
    assert found is not None
    return found
