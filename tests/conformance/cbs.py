"""The disk half of CBS, asked without a network; what was accepted is done when the test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vmsim.cloud.jobs import kinds
from vmsim.model.disk import DiskUsage, Snapshot, SnapshotState
from vmsim.store import disks, jobs, snapshots

from .wire import REGION, ZONE, Api

GONE = "disk-00000000"
LEAST = {
    "Placement": {"Zone": ZONE},
    "DiskChargeType": "POSTPAID_BY_HOUR",
    "DiskType": "CLOUD_PREMIUM",
    "DiskSize": 10,
}
PREPAID = {"DiskChargeType": "PREPAID", "DiskChargePrepaid": {"Period": 1}}


class Cbs:
    """Asks the service, and is the only worker."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.asked: list[str] = []
        api.cloud.enqueue = self.asked.append

    def ok(self, action: str, **params: Any) -> dict[str, Any]:
        return self.api.ok(action, params, service="cbs")

    def code(self, action: str, **params: Any) -> str:
        return self.api.code(action, params, service="cbs")

    def work(self) -> None:
        """Everything that was accepted is done."""
        asked, self.asked[:] = [one for one in self.asked if one.startswith("job-")], []
        for job_id in asked:
            kinds.perform(self.api.cloud, job_id)
            with self.api.cloud.store.reading() as connection:
                ended = jobs.one(connection, job_id)
            assert ended is not None and ended.error == "", ended

    def created(self, **more: Any) -> str:
        (ident,) = self.ok("CreateDisks", **{**LEAST, **more})["DiskIdSet"]
        self.work()
        return str(ident)

    def disk(self, ident: str) -> dict[str, Any]:
        (found,) = self.ok("DescribeDisks", DiskIds=[ident])["DiskSet"]
        return dict(found)

    def ids(self, **filters: str) -> list[str]:
        asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return [each["DiskId"] for each in self.ok("DescribeDisks", Filters=asked)["DiskSet"]]

    def put(self, ident: str, **fields: Any) -> None:
        with self.api.cloud.store.writing() as connection:
            disks.change(connection, ident, **fields)


def snapshot(cbs: Cbs, disk_id: str, size: int = 10, **more: Any) -> Snapshot:
    """A record with a file, as if one had been made."""
    cloud = cbs.api.cloud
    made = Snapshot(
        **{
            "id": f"snap-{disk_id[5:]}",
            "region": REGION,
            "zone": ZONE,
            "disk_id": disk_id,
            "disk_usage": DiskUsage.DATA,
            "size_gib": size,
            "name": "",
            "state": SnapshotState.NORMAL,
            "percent": 100,
            "created": cloud.clock.now(),
            "deadline": None,
            "path": str(cloud.home.root / f"{disk_id}.snapshot"),
            **more,
        }
    )
    with cloud.store.writing() as connection:
        snapshots.add(connection, made)
        disk = disks.one(connection, disk_id)
    assert disk is not None
    Path(made.path).write_bytes(Path(disk.path).read_bytes())
    return made
