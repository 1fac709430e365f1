"""GetMonitorData: one metric of some instances over a time, as points of a period each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.api.monitor.metrics import DIMENSION, NAMESPACE, PERIODS, Metric, check_namespace, metric
from vmsim.cloud import monitoring
from vmsim.model.errors import NotSimulated, OutOfResources, UsageError
from vmsim.model.sample import points

BAD = "InvalidParameterValue"
LIMITED = "LimitExceeded.LimitedAccess"
MOST_INSTANCES = 50
MOST_POINTS = 7200
PERIOD = 300
DAY = 86_400
BEIJING = timezone(timedelta(hours=8))
_YEARS = range(2000, 2200)
_STATISTICS = {1: ("AvgValues", "average"), 2: ("MaxValues", "largest"), 4: ("MinValues", "smallest")}


@dataclass(frozen=True)
class Span:
    """From the beginning of one period to that of another, both in it; Unix time. `zone` is the caller's."""

    start: int
    end: int
    period: int
    zone: tzinfo

    @property
    def points(self) -> int:
        return (self.end - self.start) // self.period + 1

    def told(self, moment: int) -> str:
        return datetime.fromtimestamp(moment, self.zone).isoformat()


@action("GetMonitorData", service="monitor")
def get(call: Call) -> Reply:
    check_namespace(call.params["Namespace"])
    wanted = metric(call.params["MetricName"])
    span = _span(call.params, call.cloud.clock.now())
    asked = [_instance(item["Dimensions"]) for item in call.params["Instances"]]
    if not asked:
        raise UsageError("Instances is empty.", code=BAD)
    if len(asked) > MOST_INSTANCES or len(asked) * span.points > MOST_POINTS:
        raise OutOfResources(
            f"{len(asked)} instances with {span.points} points each: at most {MOST_INSTANCES} instances and "
            f"{MOST_POINTS} points are allowed.",
            code=LIMITED,
        )
    statistics = _statistics(call.params)
    return {
        "StartTime": span.told(span.start),
        "EndTime": span.told(span.end),
        "Period": span.period,
        "MetricName": call.params["MetricName"],
        "DataPoints": [_series(call, ident, wanted, span, statistics) for ident in asked],
        "Msg": "",
    }


def _series(call: Call, ident: str, wanted: Metric, span: Span, statistics: int) -> dict[str, Any]:
    found = monitoring.samples_of(call.cloud, call.region, ident, span.start, span.end + 2 * span.period)
    inside = [one for one in points(found, wanted.value, span.period) if span.start <= one.at <= span.end]
    return {
        "Dimensions": [{"Name": DIMENSION, "Value": ident}],
        "Timestamps": [one.at for one in inside],
        "Values": [round(one.average, 3) for one in inside],
        **{
            member: [round(getattr(one, name), 3) for one in inside]
            for bit, (member, name) in _STATISTICS.items()
            if statistics & bit
        },
    }


def _instance(dimensions: list[dict[str, Any]]) -> str:
    """The instance that the dimensions name: for this namespace there is one dimension alone."""
    names = [item.get("Name") for item in dimensions]
    if names != [DIMENSION]:
        raise UsageError(f"The dimensions of {NAMESPACE} are {DIMENSION} alone, not {names}.", code=BAD)
    value: str = dimensions[0]["Value"]
    return value


def _span(params: Mapping[str, Any], now: datetime) -> Span:
    """The whole periods that StartTime and EndTime lie in."""
    period = params.get("Period", PERIOD)
    if period == DAY:
        raise NotSimulated(f"Period={DAY} is not simulated: samples are kept for some hours.")
    if period not in PERIODS:
        raise UsageError(f"Period is {period}; it is one of {', '.join(map(str, PERIODS))}.", code=BAD)
    end = _moment("EndTime", params["EndTime"]) if params.get("EndTime") else now.astimezone(BEIJING)
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    start = _moment("StartTime", params["StartTime"]) if params.get("StartTime") else midnight
    if end < start:
        raise UsageError("EndTime is before StartTime.", code=BAD)
    first, last = (int(moment.timestamp()) // period * period for moment in (start, end))
    return Span(first, last, period, start.tzinfo or BEIJING)


def _moment(name: str, text: str) -> datetime:
    """ISO 8601 with its zone."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}, which is no time like 2026-11-24T20:51:23+08:00.", code=BAD) from error
    if found.tzinfo is None:
        raise UsageError(f"{name} is {text!r}: its zone is missing, for instance +08:00.", code=BAD)
    if found.year not in _YEARS:
        raise UsageError(f"{name} is {text!r}: nothing was measured then.", code=BAD)
    return found


def _statistics(params: Mapping[str, Any]) -> int:
    """Which values are asked for besides: a sum of 1 (average), 2 (largest) and 4 (smallest)."""
    given: int = params.get("SpecifyStatistics", 0)
    if not 0 <= given <= sum(_STATISTICS):
        raise UsageError(f"SpecifyStatistics is {given}; it is a sum of 1, 2 and 4.", code=BAD)
    return given
