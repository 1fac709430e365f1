"""InquiryPriceRunInstances, from the local price table: no figure is Tencent's."""

from __future__ import annotations

from collections import Counter
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.api.cvm import run
from vmsim.cloud import launch
from vmsim.cloud.launch import Plan
from vmsim.model import charges, prices
from vmsim.model.errors import UsageError
from vmsim.model.prices import Hourly

_MOST_INSTANCES = 100
_LONGEST_HOST_NAME = 30
_TRAFFIC = "TRAFFIC_POSTPAID_BY_HOUR"
_FULL = 100.0
_OF_A_LAUNCH_ALONE = frozenset(
    {
        "ActionTimer.Externals",
        "ChcIds",
        "DedicatedClusterId",
        "DisasterRecoverGroupIds",
        "EnableJumboFrame",
        "PartitionNumber",
    }
)
_REFUSED = {place: rule for place, rule in run.REFUSED.items() if place not in _OF_A_LAUNCH_ALONE}
_YEARS = {"OneYear": 12, "ThreeYear": 36, "FiveYear": 60}


@action("InquiryPriceRunInstances", refused=_REFUSED, without_effect=run.NO_AGENTS)
def run_instances(call: Call) -> Reply:
    """Checked as a launch is; nothing is reserved."""
    asked = run.request(call.region, call.params)
    run.check_image_has_login(call, asked.image)
    if asked.count > _MOST_INSTANCES:
        raise UsageError(f"A price is told of at most {_MOST_INSTANCES} instances.", code="InvalidParameterValue.Range")
    if len(asked.host_name) > _LONGEST_HOST_NAME:
        raise UsageError(f"HostName has at most {_LONGEST_HOST_NAME} characters here.", code="InvalidParameterValue")
    plan = launch.planned(call.cloud, asked)
    return {"Price": {"InstancePrice": _machines(plan), "BandwidthPrice": _bandwidth(plan)}}


def hourly(price: Hourly, unit: str = "HOUR") -> dict[str, Any]:
    """An ItemPrice of what is paid afterwards. The steps are of long use; here every hour costs the same."""
    steps = {f"{name}{step}": price.price for name in ("UnitPrice", "UnitPriceDiscount") for step in _STEPS}
    return {"ChargeUnit": unit, "Discount": _FULL, **steps}


_STEPS = ("", "SecondStep", "ThirdStep")


def prepaid(price: Hourly, months: int) -> dict[str, Any]:
    """An ItemPrice of what is paid in advance, with the years beside the period that is asked for."""
    chosen = price.prepaid(months)
    shown: dict[str, Any] = {
        "OriginalPrice": chosen.original,
        "DiscountPrice": chosen.discounted,
        "Discount": chosen.discount,
    }
    for name, period in _YEARS.items():
        years = price.prepaid(period)
        shown |= {
            f"OriginalPrice{name}": years.original,
            f"DiscountPrice{name}": years.discounted,
            f"Discount{name}": years.discount,
        }
    return shown


def _machines(plan: Plan) -> dict[str, Any]:
    asked = plan.request
    disks = Counter({asked.system_disk_type: plan.system_gib})
    for disk in asked.data_disks:
        disks[disk.type] += disk.size_gib
    return _item(plan, Hourly(round(prices.machine(plan.kind, disks).price * asked.count, 4)))


def _bandwidth(plan: Plan) -> dict[str, Any]:
    asked = plan.request
    if asked.bandwidth_out and asked.internet_charge_type in ("", _TRAFFIC):
        return hourly(Hourly(prices.traffic()), "GB")
    return _item(plan, Hourly(round(prices.bandwidth(asked.bandwidth_out).price * asked.count, 4)))


def _item(plan: Plan, price: Hourly) -> dict[str, Any]:
    if plan.request.charge_type == charges.PREPAID:
        return prepaid(price, plan.request.prepaid_months)
    return hourly(price)
