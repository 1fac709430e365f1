"""What can be bought where: DescribeRegions, DescribeZones and DescribeInstanceTypeConfigs."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.model.errors import UsageError
from vmsim.model.instance_types import TYPES, InstanceType
from vmsim.model.regions import REGIONS, Region, check_zone, region

_CHINESE = "zh-CN"
_NUMERALS = "零一二三四五六七八九"


@action("DescribeRegions", needs_region=False)
def describe_regions(call: Call) -> Reply:
    shown = [
        {
            "Region": found.name,
            "RegionName": found.chinese if call.language == _CHINESE else found.english,
            "RegionState": "AVAILABLE",
        }
        for found in REGIONS.values()
    ]
    return {"TotalCount": len(shown), "RegionSet": shown}


@action("DescribeZones")
def describe_zones(call: Call) -> Reply:
    where = region(call.region)
    shown = [
        {
            "Zone": f"{where.name}-{zone}",
            "ZoneName": _zone_name(where, zone, call.language),
            "ZoneId": where.zone_id(zone),
            "ZoneState": "AVAILABLE",
        }
        for zone in where.zones
    ]
    return {"TotalCount": len(shown), "ZoneSet": shown}


@action("DescribeInstanceTypeConfigs")
def describe_types(call: Call) -> Reply:
    wanted = _wanted(call)
    shown = [
        _type_view(zone, kind)
        for zone in region(call.region).zone_names()
        if zone in wanted.get("zone", {zone})
        for kind in TYPES.values()
        if kind.family in wanted.get("instance-family", {kind.family})
        and kind.name in wanted.get("instance-type", {kind.name})
    ]
    return {"InstanceTypeConfigSet": shown}


def _wanted(call: Call) -> dict[str, set[str]]:
    """The filters, each with its one value; one that comes twice must hold twice."""
    wanted: dict[str, set[str]] = {}
    for item in paging.filters(call.params, most_values=1):
        if item.name not in ("zone", "instance-family", "instance-type"):
            raise UsageError(f"There is no filter {item.name}.", code="InvalidFilter")
        values = set(item.values)
        if item.name == "zone":
            values = {check_zone(call.region, value) for value in values}
        wanted[item.name] = wanted.get(item.name, values) & values
    return wanted


def _type_view(zone: str, kind: InstanceType) -> dict[str, Any]:
    return {
        "Zone": zone,
        "InstanceType": kind.name,
        "InstanceFamily": kind.family,
        "CPU": kind.cpu,
        "Memory": kind.memory_gib,
        "GPU": 0,
        "FPGA": 0,
        "GpuCount": 0.0,
        "GpuType": "",
        "GpuMemory": 0.0,
    }


def _zone_name(where: Region, zone: int, language: str) -> str:
    """For instance "Guangzhou Zone 3", or 广州三区."""
    if language == _CHINESE:
        return f"{_city(where.chinese)}{_NUMERALS[zone]}区"
    return f"{_city(where.english)} Zone {zone}"


def _city(region_name: str) -> str:
    return region_name.partition("(")[2].rstrip(")")
