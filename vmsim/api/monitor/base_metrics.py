"""DescribeBaseMetrics: which metrics there are, as exporters ask before they pull data."""

from __future__ import annotations

from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.api.monitor.metrics import DIMENSION, METRICS, NAMESPACE, PERIODS, Metric, check_namespace, metric


@action("DescribeBaseMetrics", service="monitor", needs_region=False)
def describe(call: Call) -> Reply:
    check_namespace(call.params["Namespace"])
    named = call.params.get("MetricName")
    found = [metric(named)] if named else list(METRICS.values())
    if set(call.params.get("Dimensions", [])) - {DIMENSION}:
        found = []
    return {"MetricSet": [_view(one) for one in found]}


def _view(one: Metric) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "MetricName": one.name,
        "MetricCName": one.chinese,
        "MetricEName": one.english,
        "Unit": one.unit,
        "UnitCname": one.unit,
        "Period": list(PERIODS),
        "Periods": [{"Period": str(period), "StatType": ["avg"]} for period in PERIODS],
        "Meaning": {"En": one.english, "Zh": one.chinese},
        "Dimensions": [{"Dimensions": [DIMENSION]}],
    }
