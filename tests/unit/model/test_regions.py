"""Regions and zones: names, numbers, and which zone is whose."""

from __future__ import annotations

import pytest

from vmsim.model.errors import UsageError
from vmsim.model.regions import REGIONS, check_zone, region


def test_a_region_has_zones_with_numbers() -> None:
    guangzhou = region("ap-guangzhou")
    assert guangzhou.zone_names()[:3] == ("ap-guangzhou-1", "ap-guangzhou-2", "ap-guangzhou-3")
    assert guangzhou.zone_id(3) == "100003"
    assert (guangzhou.english, guangzhou.chinese) == ("South China (Guangzhou)", "华南地区(广州)")


def test_every_region_is_whole_and_no_number_is_used_twice() -> None:
    assert all(name == row.name and row.zones and row.english and row.chinese for name, row in REGIONS.items())
    zone_ids = [row.zone_id(zone) for row in REGIONS.values() for zone in row.zones]
    assert len(set(zone_ids)) == len(zone_ids)


def test_an_unknown_region() -> None:
    with pytest.raises(UsageError, match="no region 'ap-moon'") as caught:
        region("ap-moon")
    assert caught.value.code == "UnsupportedRegion"


def test_a_zone_belongs_to_its_region() -> None:
    assert check_zone("ap-tokyo", "ap-tokyo-2") == "ap-tokyo-2"


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("ap-guangzhou-3", "InvalidZone.MismatchRegion"),
        ("ap-tokyo-9", "InvalidParameterValue.ZoneNotSupported"),
        ("", "InvalidParameterValue.ZoneNotSupported"),
    ],
)
def test_a_zone_of_elsewhere_is_told_from_none_at_all(zone: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_zone("ap-tokyo", zone)
    assert caught.value.code == code
    assert caught.value.hint == "Its zones: ap-tokyo-1, ap-tokyo-2."
