"""CreateDisks, DescribeDisks and ModifyDiskAttributes."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.cbs import disk_view
from vmsim.api.unsimulated import NOTHING, only
from vmsim.cloud import disk_query, disks, new_disks
from vmsim.cloud.disk_query import DiskQuery
from vmsim.model.disk import LEAST_GIB, DiskRequest
from vmsim.model.errors import Missing, UsageError

UNNAMED = "未命名"
MOST_MONTHS = 36
_LONGEST_TOKEN = 64
_RENEW_FLAGS = ("NOTIFY_AND_AUTO_RENEW", "NOTIFY_AND_MANUAL_RENEW", "DISABLE_NOTIFY_AND_MANUAL_RENEW")
_CREATE = {
    "DiskChargeType": only("POSTPAID_BY_HOUR", "PREPAID", of="CDCPAID"),
    "DiskChargePrepaid.CurInstanceDeadline": NOTHING,
    "Placement.CageId": NOTHING,
    "Placement.CdcId": NOTHING,
    "Placement.CdcName": NOTHING,
    "Placement.DedicatedClusterId": NOTHING,
    "ThroughputPerformance": NOTHING,
    "BurstPerformance": NOTHING,
    "Encrypt": NOTHING,
    "EncryptType": NOTHING,
    "KmsKeyId": NOTHING,
    "Shareable": NOTHING,
    "AutoMountConfiguration": NOTHING,
    "DiskBackupQuota": NOTHING,
}
_MODIFY = {"DiskType": NOTHING, "BurstPerformanceOperation": NOTHING}
_ORDERS = {"ASC": False, "DESC": True}


@action(
    "CreateDisks",
    service="cbs",
    refused=_CREATE,
    without_effect={"Placement.ProjectName": "a project is named by its ProjectId"},
)
def create(call: Call) -> Reply:
    """Ids at once; a disk can be described when it is there."""
    made = new_disks.create(
        call.cloud, request(call.region, call.params), caller=call.caller, request_id=call.request_id
    )
    return {"DiskIdSet": list(made.ids)}


def request(region: str, params: dict[str, Any]) -> DiskRequest:
    """The request in the domain's words. Raises Refused or UsageError for what cannot be one."""
    placement = params["Placement"]
    prepaid = params["DiskChargeType"] == disk_view.PREPAID
    checked = prepaid or "DiskChargePrepaid" in params
    months, renew_flag = (_months(params), _renew_flag(params)) if checked else (0, "")
    return DiskRequest(
        region=region,
        zone=placement["Zone"],
        size_gib=_size(params),
        type=params["DiskType"],
        name=params.get("DiskName") or UNNAMED,
        count=params.get("DiskCount", 1),
        snapshot_id=params.get("SnapshotId", ""),
        charge_type=params["DiskChargeType"],
        prepaid_months=months if prepaid else 0,
        renew_flag=renew_flag if prepaid else "",
        project_id=placement.get("ProjectId", 0),
        delete_snapshot=bool(params.get("DeleteSnapshot", 0)),
        tags={tag["Key"]: tag["Value"] for tag in params.get("Tags", [])},
        client_token=_client_token(params),
    )


def _size(params: dict[str, Any]) -> int:
    """0 where the snapshot's is meant."""
    kind = params["DiskType"]
    if kind not in LEAST_GIB:
        raise UsageError(
            f"DiskType is {kind!r}; it must be one of {', '.join(LEAST_GIB)}.", code="InvalidParameterValue"
        )
    size: int = params.get("DiskSize", 0)
    if "DiskSize" in params or not params.get("SnapshotId"):
        if "DiskSize" not in params:
            raise Missing("DiskSize is missing.", code="MissingParameter")
        new_disks.check_size(size, LEAST_GIB[kind])
    return size


def _months(params: dict[str, Any]) -> int:
    if "DiskChargePrepaid" not in params:
        raise Missing("A prepaid disk needs DiskChargePrepaid.", code="MissingParameter")
    months: int = params["DiskChargePrepaid"]["Period"]
    if not 1 <= months <= MOST_MONTHS:
        raise UsageError(
            f"DiskChargePrepaid.Period is {months}; it is 1 to {MOST_MONTHS} months.", code="InvalidParameterValue"
        )
    return months


def _renew_flag(params: dict[str, Any]) -> str:
    flag: str = params["DiskChargePrepaid"].get("RenewFlag") or "NOTIFY_AND_MANUAL_RENEW"
    if flag not in _RENEW_FLAGS:
        raise UsageError(
            f"RenewFlag is {flag!r}; it must be one of {', '.join(_RENEW_FLAGS)}.", code="InvalidParameterValue"
        )
    return flag


def _client_token(params: dict[str, Any]) -> str:
    token: str = params.get("ClientToken", "")
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise UsageError(
            f"ClientToken has more than {_LONGEST_TOKEN} characters, or others than ASCII.",
            code="InvalidParameter.InvalidClientToken",
        )
    return token


@action(
    "DescribeDisks", service="cbs", without_effect={"ReturnBindAutoSnapshotPolicy": "no disk here has such a policy"}
)
def describe(call: Call) -> Reply:
    """Disks by ids or filters, with all that is known of them."""
    cloud, params = call.cloud, call.params
    named = paging.given_ids(params, "DiskIds", "disk")
    filtered = paging.filters(params)
    paging.not_both(named, filtered, "DiskIds", "InvalidParameterValue")
    page = disk_query.query(
        cloud,
        DiskQuery(
            region=call.region,
            ids=named,
            filters=filtered,
            order=_choice(params, "OrderField", ("CREATE_TIME", "DEADLINE")),
            descending=_ORDERS[_choice(params, "Order", ("DESC", "ASC"))],
            offset=paging.offset(params),
            limit=paging.limit(params),
        ),
    )
    counts, now = disk_query.snapshot_counts(cloud, page.items), cloud.clock.now()
    shown = [disk_view.disk(found, counts.get(found.id, (0, 0)), now) for found in page.items]
    return {"TotalCount": page.total, "DiskSet": shown}


def _choice(params: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    """One of the words, the first by default."""
    given: str = params.get(name) or known[0]
    if given not in known:
        raise UsageError(f"{name} is {given!r}; it must be one of {', '.join(known)}.", code="InvalidParameterValue")
    return given


@action("ModifyDiskAttributes", service="cbs", refused=_MODIFY)
def modify(call: Call) -> Reply:
    params = call.params
    disks.modify(
        call.cloud,
        paging.required_ids(params, "DiskIds", "disk"),
        name=params.get("DiskName"),
        project_id=params.get("ProjectId"),
        delete_with_instance=params.get("DeleteWithInstance"),
        portable=params.get("Portable"),
        region=call.region,
    )
    return {}
