"""CreateSnapshot, ApplySnapshot, DescribeSnapshots and DeleteSnapshots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from vmsim.api import paging, tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING
from vmsim.cloud import images, instances, snapshot_query, snapshots
from vmsim.model import ids
from vmsim.model.disk import Snapshot
from vmsim.model.errors import Busy, Refused, UsageError, WrongState
from vmsim.model.lifecycle import InstanceState, Verb

_CREATE = {name: NOTHING for name in ("DiskBackupId", "LocalSnap", "DiskUsage")}
_WRONG = "InvalidParameterValue"
_NEVER = "0000-00-00 00:00:00"
_MOST_VALUES = 10


@action("CreateSnapshot", service="cbs", refused=_CREATE)
def create(call: Call) -> Reply:
    params = call.params
    made, _ = snapshots.create(
        call.cloud,
        call.region,
        params.get("DiskId", ""),
        name=params.get("SnapshotName", ""),
        deadline=_deadline(params),
        tags=tags.listed(params.get("Tags", [])),
        caller=call.caller,
        request_id=call.request_id,
    )
    return {"SnapshotId": made.id}


@action("ApplySnapshot", service="cbs")
def apply(call: Call) -> Reply:
    """With AutoStopInstance a running instance is stopped for it, which is an operation of the instance's own."""
    params = call.params
    snapshot_id, disk_id = params["SnapshotId"], params["DiskId"]
    stop, start = params.get("AutoStopInstance", False), params.get("AutoStartInstance", False)
    if start and not stop:
        raise UsageError("AutoStartInstance is only possible with AutoStopInstance.", code=_WRONG)
    about: dict[str, Any] = {"caller": call.caller, "request_id": call.request_id}
    instance = snapshots.instance_of(call.cloud, call.region, disk_id) if stop else None
    if instance is None or instance.state is not InstanceState.RUNNING:
        snapshots.roll_back(call.cloud, call.region, snapshot_id, disk_id, **about)
        return {}
    given = {"snapshot_id": ids.check("snap", snapshot_id), "disk_id": disk_id, "start_again": start}
    try:
        instances.submit(call.cloud, Verb.APPLY_SNAPSHOT, [instance.id], given, region=call.region, force=True, **about)
    except (Busy, WrongState) as error:
        raise Refused(error.message, hint=error.hint, code="ResourceBusy") from error
    return {}


@action("DescribeSnapshots", service="cbs")
def describe(call: Call) -> Reply:
    params = call.params
    named = paging.given_ids(params, "SnapshotIds", "snap")
    filtered = paging.filters(params, most_values=_MOST_VALUES)
    paging.not_both(named, filtered, "SnapshotIds", _WRONG)
    page = snapshot_query.query(
        call.cloud,
        call.region,
        ids=named,
        filters=filtered,
        offset=paging.offset(params, _WRONG),
        limit=paging.limit(params, _WRONG),
        oldest_first=_oldest_first(params),
    )
    names = {image.id: image.name for image in images.all(call.cloud, call.region)}
    return {"TotalCount": page.total, "SnapshotSet": [_view(one, names) for one in page.items]}


@action("DeleteSnapshots", service="cbs")
def delete(call: Call) -> Reply:
    named = paging.required_ids(call.params, "SnapshotIds", "snap")
    snapshots.delete(call.cloud, call.region, named, with_images=call.params.get("DeleteBindImages", False))
    return {}


def _deadline(params: Mapping[str, Any]) -> datetime | None:
    given = params.get("Deadline")
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given.replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(f"Deadline {given!r} is no ISO 8601 time.", code=_WRONG) from error
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _oldest_first(params: Mapping[str, Any]) -> bool:
    for name, known in (("OrderField", ("CREATE_TIME",)), ("Order", ("ASC", "DESC"))):
        if params.get(name, known[-1]) not in known:
            raise UsageError(f"{name} is {params[name]!r}; it must be one of {', '.join(known)}.", code=_WRONG)
    return bool(params.get("Order") == "ASC")


def _view(snapshot: Snapshot, image_names: Mapping[str, str]) -> dict[str, Any]:
    bound = [ident for ident in snapshot.image_ids if ident in image_names]
    return {
        "SnapshotId": snapshot.id,
        "SnapshotName": snapshot.name,
        "SnapshotState": snapshot.state.value,
        "SnapshotType": "PRIVATE_SNAPSHOT",
        "SnapshotMode": "NORMAL",
        "Percent": snapshot.percent,
        "DiskId": snapshot.disk_id,
        "DiskUsage": snapshot.disk_usage.value,
        "DiskSize": snapshot.size_gib,
        "Placement": {
            "Zone": snapshot.zone,
            "ProjectId": snapshot.project_id,
            "ProjectName": None,
            "CageId": None,
            "CdcId": None,
            "CdcName": None,
            "DedicatedClusterId": "",
        },
        "CreateTime": times.of_china(snapshot.created),
        "LatestModifyTime": times.iso(snapshot.created),
        "DeadlineTime": times.of_china(snapshot.deadline) if snapshot.deadline else _NEVER,
        "IsPermanent": snapshot.deadline is None,
        "Encrypt": False,
        "IsLocked": False,
        "Images": [{"ImageId": ident, "ImageName": image_names[ident]} for ident in bound],
        "ImageCount": len(bound),
        "CopyFromRemote": False,
        "CopyingToRegions": [],
        "ShareReference": 0,
        "TimeStartShare": _NEVER,
        "AutoSnapshotPolicyId": "",
        "Tags": tags.shown(snapshot.tags),
    }
