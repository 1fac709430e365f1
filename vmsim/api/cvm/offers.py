"""DescribeZoneInstanceConfigInfos: every type in every zone by charge type, with its (local) price."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.cvm.prices import hourly, prepaid
from vmsim.cloud import capacity
from vmsim.model import charges, prices
from vmsim.model.errors import OutOfResources, UsageError
from vmsim.model.instance_types import TYPES, InstanceType
from vmsim.model.regions import check_zone, region

_MOST_VALUES = 100
_SORT = "sort-keys"
_FILTERS = ("zone", "instance-family", "instance-type", "instance-charge-type", _SORT)
_CHARGE_TYPES = (charges.POSTPAID, charges.PREPAID)
_KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cpu": lambda item: item["Cpu"],
    "memory": lambda item: item["Memory"],
    "zone": lambda item: item["Zone"],
    "instance-type": lambda item: item["InstanceType"],
    "instance-family": lambda item: item["InstanceFamily"],
    "price": lambda item: item["Price"].get("UnitPrice", item["Price"].get("DiscountPrice")),
}


@action("DescribeZoneInstanceConfigInfos")
def describe(call: Call) -> Reply:
    """A type that this host could not run if nothing else did is sold out."""
    wanted, order = _wanted(call)
    fits = {kind.name: _fits(kind) for kind in TYPES.values()}
    shown = [
        _view(zone, kind, charge_type, fits=fits[kind.name])
        for zone in region(call.region).zone_names()
        if zone in wanted.get("zone", {zone})
        for kind in TYPES.values()
        if kind.family in wanted.get("instance-family", {kind.family})
        and kind.name in wanted.get("instance-type", {kind.name})
        for charge_type in _CHARGE_TYPES
        if charge_type in wanted.get("instance-charge-type", {charge_type})
    ]
    for key, descending in reversed(order):
        shown.sort(key=_KEYS[key], reverse=descending)
    return {"InstanceTypeQuotaSet": shown}


def _wanted(call: Call) -> tuple[dict[str, set[str]], list[tuple[str, bool]]]:
    """The filters' values, and the sort keys in their order, each with whether it descends."""
    wanted: dict[str, set[str]] = {}
    order: list[tuple[str, bool]] = []
    for item in paging.filters(call.params, most_values=_MOST_VALUES):
        if item.name not in _FILTERS:
            raise UsageError(f"There is no filter {item.name}.", code="InvalidFilter")
        if item.name == _SORT:
            order += [_sort_key(value) for value in item.values]
            continue
        if item.name == "zone":
            for value in item.values:
                check_zone(call.region, value)
        values = set(item.values)
        wanted[item.name] = wanted.get(item.name, values) & values
    return wanted, order


def _sort_key(text: str) -> tuple[str, bool]:
    """For instance "cpu:desc"."""
    key, _, direction = text.partition(":")
    if key not in _KEYS or direction not in ("", "asc", "desc"):
        raise UsageError(
            f"{text!r} is no sort key.", hint=f"{', '.join(_KEYS)}, each with :asc or :desc.", code="InvalidFilter"
        )
    return key, direction == "desc"


def _fits(kind: InstanceType) -> bool:
    try:
        capacity.check_fits(kind.memory_mib)
    except OutOfResources:
        return False
    return True


def _view(zone: str, kind: InstanceType, charge_type: str, *, fits: bool) -> dict[str, Any]:
    price = prices.machine(kind, {})
    return {
        "Zone": zone,
        "InstanceType": kind.name,
        "InstanceChargeType": charge_type,
        "NetworkCard": 0,
        "Externals": {"ReleaseAddress": False, "UnsupportNetworks": []},
        "Cpu": kind.cpu,
        "Memory": kind.memory_gib,
        "InstanceFamily": kind.family,
        "TypeName": f"vmsim {kind.family}",
        "LocalDiskTypeList": [],
        "Status": "SELL" if fits else "SOLD_OUT",
        "Price": prepaid(price, 1) if charge_type == charges.PREPAID else hourly(price),
        "SoldOutReason": "" if fits else "this host has not enough memory",
        "InstanceBandwidth": 1.5,
        "InstancePps": 30,
        "StorageBlockAmount": 0,
        "CpuType": "this host's",
        "Gpu": 0,
        "Fpga": 0,
        "Remark": "",
        "GpuCount": 0.0,
        "Frequency": "",
        "StatusCategory": "EnoughStock" if fits else "WithoutStock",
    }
