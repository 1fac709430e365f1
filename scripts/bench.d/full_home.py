"""A running vmsim whose home has very many instances: records without machines, written straight into its database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from labs import lab

from vmsim.config import DEFAULT_REGION, Home
from vmsim.model import ids
from vmsim.model.disk import Disk, DiskUsage
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import InstanceState
from vmsim.model.readiness import Rung
from vmsim.store import instances
from vmsim.store.database import Store
from vmsim.verify.api_client import VERSIONS, authorization

ZONE = f"{DEFAULT_REGION}-3"
IN_A_GROUP = 20
"""Instances that share a tag, and so a page."""
_SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class FullHome:
    """One that is up."""

    name: str
    home: Home
    address: tuple[str, int]
    key: Mapping[str, str]
    ids: Sequence[str]

    def describe(self, group: int, mark: str) -> bytes:
        """DescribeInstances of the 20 with this tag; nothing has the tag `mark`."""
        filters = [{"Name": "tag:group", "Values": [str(group), f"no {mark}"]}]
        return self._request("DescribeInstances", {"Filters": filters})

    def stop(self, number: int) -> bytes:
        return self._request("StopInstances", {"InstanceIds": [self.ids[number]]})

    def _request(self, action: str, members: dict[str, object]) -> bytes:
        key = self.key
        host = "{}:{}".format(*self.address)
        body = json.dumps(members).encode()
        now = int(time.time())
        headers = {
            "Host": host,
            "Content-Type": "application/json",
            "Authorization": authorization(key["secret_id"], key["secret_key"], "cvm", host, body, now),
            "X-TC-Action": action,
            "X-TC-Version": VERSIONS["cvm"],
            "X-TC-Region": DEFAULT_REGION,
            "X-TC-Timestamp": str(now),
            "Content-Length": str(len(body)),
        }
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + body


@contextmanager
def full_home(root: Path, count: int, state: InstanceState = InstanceState.STOPPED) -> Iterator[FullHome]:
    """The records say what `state` says, whatever is on the machine: nobody compares them."""
    os.environ["VMSIM_RECONCILE_INTERVAL"] = "3600"
    with lab(root) as running:
        store = Store(running.home.database)
        made = [_instance(number, state) for number in range(count)]
        with store.writing() as connection:
            for instance in made:
                instances.add(connection, instance)
        store.close()
        key = json.loads(running.home.credentials.read_text())
        address = ("127.0.0.1", running.status().port)
        yield FullHome(f"vmsim, {count} instances", running.home, address, key, [instance.id for instance in made])


def _instance(number: int, state: InstanceState) -> Instance:
    ident = ids.new("ins")
    created = _SINCE + timedelta(seconds=number)
    address = f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}"
    disk = Disk(
        ids.new("disk"),
        ident,
        DEFAULT_REGION,
        ZONE,
        0,
        "CLOUD_PREMIUM",
        50,
        "",
        True,
        "/nowhere",
        usage=DiskUsage.SYSTEM,
        created=created,
    )
    return Instance(
        id=ident,
        uuid=ids.new_uuid(),
        region=DEFAULT_REGION,
        zone=ZONE,
        name=f"bench-{number}",
        host_name=f"bench-{number}",
        type_name="S5.MEDIUM2",
        cpu=2,
        memory_mib=2048,
        image_id=ids.derived("img", "tiny"),
        state=state,
        state_reason="shut itself down",
        charge_type="POSTPAID_BY_HOUR",
        stop_charging=False,
        created=created,
        mac=f"52:54:00:{number >> 16:02x}:{(number >> 8) & 255:02x}:{number & 255:02x}",
        vpc_id="vpc-bench000",
        subnet_id="subnet-bench000",
        private_ip=address,
        public_ip=None,
        bandwidth_out=0,
        internet_charge_type="",
        security_group_ids=(),
        login_user="root",
        password=None,
        password_hash=None,
        host_key="",
        key_ids=(),
        user_data="",
        tags={"group": str(number // IN_A_GROUP), "owner": "bench"},
        project_id=0,
        protected=False,
        latest=LatestOperation(),
        rung=Rung.LOGIN if state is InstanceState.RUNNING else Rung.OFF,
        paused="",
        disks=(disk,),
    )
