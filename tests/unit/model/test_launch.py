"""A launch that asks for nothing is what the cloud does by itself."""

from __future__ import annotations

import json
from dataclasses import asdict

from vmsim.model.launch import DataDiskRequest, LaunchRequest


def test_a_region_is_all_it_takes() -> None:
    asked = LaunchRequest(region="ap-tokyo")
    assert (asked.count, asked.charge_type, asked.system_disk_type) == (1, "POSTPAID_BY_HOUR", "CLOUD_PREMIUM")
    assert not any((asked.image, asked.type_name, asked.password, asked.key_ids, asked.data_disks, asked.public_ip))
    assert DataDiskRequest(10).delete_with_instance


def test_it_can_be_kept_as_json() -> None:
    asked = LaunchRequest(region="ap-tokyo", data_disks=(DataDiskRequest(10),), tags={"role": "db"})
    assert json.loads(json.dumps(asdict(asked)))["data_disks"][0]["size_gib"] == 10


def test_two_requests_share_no_tags() -> None:
    one, two = LaunchRequest(region="a"), LaunchRequest(region="b")
    one.tags["x"] = "y"
    assert two.tags == {}
