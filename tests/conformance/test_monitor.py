"""Monitor over a real store: samples become points in Tencent's units, and what has no point is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from vmsim.api.monitor.metrics import METRICS
from vmsim.model.lifecycle import InstanceState
from vmsim.model.sample import Sample
from vmsim.store import samples

from .neighbours import GONE, VERSIONS, code, ok
from .wire import Api

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def ident(api: Api) -> str:
    return api.launched(InstanceState.RUNNING)


def sample(ident: str, at: int, cpu: float) -> Sample:
    return Sample(ident, at, 10.0, cpu, None, None, 1024.0, 2048.0, 125_000.0, 250_000.0, 10.0, 20.0)


def put(api: Api, *new: Sample) -> None:
    with api.cloud.store.writing() as connection:
        samples.add(connection, new)


def data(ident: str, metric: str = "CPUUsage", **params: Any) -> dict[str, Any]:
    return {
        "Namespace": "QCE/CVM",
        "MetricName": metric,
        "Instances": [{"Dimensions": [{"Name": "InstanceId", "Value": ident}]}],
        "Period": 60,
        "StartTime": NOW.astimezone(timezone(timedelta(hours=8))).isoformat(),
        "EndTime": (NOW + timedelta(minutes=5)).isoformat(),
        **params,
    }


def test_points_are_averages_of_their_period(api: Api, ident: str) -> None:
    begin = int(NOW.timestamp())
    put(api, *(sample(ident, begin + 10 * number, 10.0 * number) for number in range(13)))
    found = ok(api, "monitor", "GetMonitorData", **data(ident, SpecifyStatistics=6))
    (series,) = found["DataPoints"]
    # A sample is of the ten seconds before it: the first one is of the minute before.
    assert series["Timestamps"] == [begin, begin + 60]
    assert series["Values"] == [35.0, 95.0]
    assert (series["MinValues"], series["MaxValues"]) == ([10.0, 70.0], [60.0, 120.0])
    assert "AvgValues" not in series
    assert found["StartTime"] == "2026-11-24T20:00:00+08:00" and found["EndTime"] == "2026-11-24T20:05:00+08:00"
    ten = ok(api, "monitor", "GetMonitorData", **data(ident, Period=10))["DataPoints"][0]
    assert ten["Values"] == [10.0 * number for number in range(1, 13)]
    hour = ok(api, "monitor", "GetMonitorData", **data(ident, Period=3600))["DataPoints"][0]
    assert hour["Timestamps"] == [begin] and hour["Values"] == [65.0]


def test_metrics_have_tencents_units(api: Api, ident: str) -> None:
    put(api, sample(ident, int(NOW.timestamp()) + 10, 50.0))
    values = {
        metric: ok(api, "monitor", "GetMonitorData", **data(ident, metric))["DataPoints"][0]["Values"]
        for metric in METRICS
    }
    assert values == {
        "CPUUsage": [50.0],
        "CpuUsage": [50.0],
        "BaseCpuUsage": [50.0],
        "MemUsed": [],
        "MemUsage": [],
        "LanIntraffic": [1.0],
        "LanOuttraffic": [2.0],
        "LanInpkg": [10.0],
        "LanOutpkg": [20.0],
        "DiskReadTraffic": [1.0],
        "DiskWriteTraffic": [2.0],
    }
    put(api, replace(sample(ident, int(NOW.timestamp()) + 10, 0.0), memory_used_mib=64.0, memory_percent=25.0))
    assert ok(api, "monitor", "GetMonitorData", **data(ident, "MemUsed"))["DataPoints"][0]["Values"] == [64.0]


def test_an_instance_without_samples_has_no_points(api: Api, ident: str) -> None:
    (series,) = ok(api, "monitor", "GetMonitorData", **data(ident))["DataPoints"]
    assert series["Timestamps"] == series["Values"] == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"Namespace": "foo"}, "InvalidParameterValue"),
        ({"Namespace": "QCE/CDB"}, "UnsupportedOperation"),
        ({"MetricName": "Foo"}, "InvalidParameterValue"),
        ({"MetricName": "WanOuttraffic"}, "UnsupportedOperation"),
        ({"Period": 7}, "InvalidParameterValue"),
        ({"Period": 86400}, "UnsupportedOperation"),
        ({"StartTime": "yesterday"}, "InvalidParameterValue"),
        ({"StartTime": "2026-11-24T20:00:00"}, "InvalidParameterValue"),
        ({"StartTime": "2026-11-24T12:10:00Z"}, "InvalidParameterValue"),
        ({"StartTime": "0001-01-01T00:00:00+08:00"}, "InvalidParameterValue"),
        ({"StartTime": "9999-12-31T23:59:59Z", "EndTime": "9999-12-31T23:59:59Z"}, "InvalidParameterValue"),
        ({"StartTime": "2020-01-01T00:00:00Z"}, "LimitExceeded.LimitedAccess"),
        ({"SpecifyStatistics": 8}, "InvalidParameterValue"),
        ({"Instances": []}, "InvalidParameterValue"),
        ({"Instances": [{"Dimensions": []}]}, "InvalidParameterValue"),
        ({"Instances": [{"Dimensions": [{"Name": "vm_ip", "Value": "x"}]}]}, "InvalidParameterValue"),
        ({"Instances": data(GONE)["Instances"]}, "InvalidParameterValue"),
        ({"Instances": data(GONE)["Instances"] * 51}, "LimitExceeded.LimitedAccess"),
        ({"Namespace": "qce/cvm", "MetricName": "lanOuttraffic"}, ""),
    ],
)
def test_what_no_point_can_be_of(api: Api, ident: str, wrong: dict[str, Any], expected: str) -> None:
    assert code(api, "monitor", "GetMonitorData", **{**data(ident), **wrong}) == expected


def test_another_regions_instance_is_not_there(api: Api, ident: str) -> None:
    params = data(ident)
    shown = api.code("GetMonitorData", params, service="monitor", version=VERSIONS["monitor"], region="ap-shanghai")
    assert shown == "InvalidParameterValue"


def test_five_minute_points_of_today_are_the_default(api: Api, ident: str) -> None:
    put(api, sample(ident, int(time.time()) // 10 * 10, 42.0))
    params = {key: value for key, value in data(ident).items() if key in ("Namespace", "MetricName", "Instances")}
    found = ok(api, "monitor", "GetMonitorData", **params)
    assert found["Period"] == 300
    assert found["StartTime"].endswith("T00:00:00+08:00")
    assert found["DataPoints"][0]["Values"][-1:] == [42.0]


def test_metrics_are_listed(api: Api) -> None:
    found = ok(api, "monitor", "DescribeBaseMetrics", Namespace="QCE/CVM")["MetricSet"]
    assert [metric["MetricName"] for metric in found] == list(METRICS)
    assert found[0]["Period"] == [10, 60, 300, 3600]
    (one,) = ok(api, "monitor", "DescribeBaseMetrics", Namespace="QCE/CVM", MetricName="MemUsed")["MetricSet"]
    assert (one["Unit"], one["Dimensions"]) == ("MB", [{"Dimensions": ["InstanceId"]}])
    assert ok(api, "monitor", "DescribeBaseMetrics", Namespace="QCE/CVM", Dimensions=["x"])["MetricSet"] == []
    assert code(api, "monitor", "DescribeBaseMetrics", Namespace="QCE/CDB") == "UnsupportedOperation"
