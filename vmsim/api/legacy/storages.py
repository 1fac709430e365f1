"""The legacy DescribeCbsStorages: disks, by the words of its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vmsim.api.legacy import instance_view
from vmsim.api.legacy.action import LegacyCall, Reply
from vmsim.api.legacy.request import Parameters
from vmsim.api.paging import LARGEST_LIMIT, LIMIT
from vmsim.cloud import disk_query
from vmsim.cloud.disk_query import DiskQuery
from vmsim.cloud.query import Filter
from vmsim.model.disk import Disk, DiskState, DiskUsage
from vmsim.model.errors import UsageError

_NORMAL = "normal"
_STATUS = {
    DiskState.ATTACHING: "attaching",
    DiskState.DETACHING: "detaching",
    DiskState.TORECYCLE: "toRecycle",
}
"""Of all others, what is done to them included, it says that they are normal."""
_SSD = "cloudSSD"
_TYPES = {"CLOUD_BASIC": "cloudBasic", "CLOUD_PREMIUM": "cloudPremium"}
"""Those that there were; the rest are of one kind."""
_SSDS = ("CLOUD_SSD", "CLOUD_BSSD", "CLOUD_HSSD", "CLOUD_TSSD")
_USAGES = {DiskUsage.SYSTEM: "root", DiskUsage.DATA: "data"}
_PAY_MODES = {"PREPAID": "prePay", "POSTPAID_BY_HOUR": "postPay"}

# The parameter, the filter that it is, and what its words stand for.
_FILTERS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]] | None]] = {
    "diskType": ("disk-usage", {word: (usage.value,) for usage, word in _USAGES.items()}),
    "payMode": ("disk-charge-type", {word: (mode,) for mode, word in _PAY_MODES.items()}),
    "portable": ("portable", {"0": ("FALSE",), "1": ("TRUE",)}),
    "projectId": ("project-id", None),
    "storageType": ("disk-type", {**{word: (kind,) for kind, word in _TYPES.items()}, _SSD: _SSDS}),
    "storageStatus": (
        "disk-state",
        {
            **{word: (state.value,) for state, word in _STATUS.items()},
            _NORMAL: tuple(state.value for state in DiskState if state not in _STATUS),
        },
    ),
    "uInstanceIds": ("instance-id", None),
    "zone": ("zone", None),
}


def describe(call: LegacyCall) -> Reply:
    params = call.params
    params.known("storageIds", "offset", "limit", *_FILTERS)
    offset, limit = params.whole("offset", 0), params.whole("limit", LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise UsageError(f"limit is {limit}; it is 1 to {LARGEST_LIMIT}.")
    params.whole("projectId", 0)
    asked = DiskQuery(call.region, params.texts("storageIds"), tuple(_filters(params)), offset=offset, limit=limit)
    page = disk_query.query(call.cloud, asked)
    return {"totalCount": page.total, "storageSet": [storage(one) for one in page.items]}


def _filters(params: Parameters) -> Iterator[Filter]:
    for name, (key, words) in _FILTERS.items():
        values = params.texts(name)
        if words is None:
            meant = values
        else:
            if unknown := [value for value in values if value not in words]:
                raise UsageError(f"{name} is {unknown[0]!r}; it is one of {', '.join(words)}.")
            meant = tuple(one for value in values for one in words[value])
        if meant:
            yield Filter(key, meant)


def storage(record: Disk) -> dict[str, Any]:
    """One disk."""
    attached = bool(record.instance_id) and record.state is not DiskState.ATTACHING
    return {
        "storageId": record.id,
        "storageName": record.name,
        "storageType": _TYPES.get(record.type, _SSD),
        "storageSize": record.size_gib,
        "storageStatus": _STATUS.get(record.state, _NORMAL),
        "diskType": _USAGES[record.usage],
        "payMode": _PAY_MODES[record.charge_type],
        "attached": int(attached),
        "portable": int(record.portable),
        "snapshotAbility": 1,
        "uInstanceId": record.instance_id,
        "projectId": record.project_id,
        "createTime": instance_view.moment(record.created) if record.created else instance_view.NO_END,
        "deadlineTime": instance_view.moment(record.deadline) if record.deadline else instance_view.NO_END,
        "zoneId": instance_view.zone_id(record),
    }
