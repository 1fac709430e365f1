from __future__ import annotations

from datetime import datetime, timedelta, timezone

from vmsim.local.views import plain
from vmsim.model.lifecycle import InstanceState
from vmsim.model.network import DEFAULT_RANGES, Vpc
from vmsim.model.readiness import Rung


def test_times_are_utc_and_iso() -> None:
    east = timezone(timedelta(hours=8))
    assert plain(datetime(2026, 1, 2, 11, 4, 5, 678901, east)) == "2026-01-02T03:04:05.678Z"


def test_enums_by_value_rungs_by_name() -> None:
    assert plain([InstanceState.RUNNING, Rung.SSH]) == ["RUNNING", "SSH"]


def test_nested_records_and_what_json_does_not_know() -> None:
    assert plain({"a": (1, None, 2.5, True)}) == {"a": [1, None, 2.5, True]}
    vpc = Vpc("vpc-1", "ap-tokyo", "default", DEFAULT_RANGES[0], True)
    assert plain(vpc)["cidr"] == "172.16.0.0/16"
