"""Reboot: the guest goes down as in a stop, and a fresh QEMU is started. STOPPED is never shown on the way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments
from vmsim.cloud.context import Cloud
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.power_on import power_on
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StopType
from vmsim.model.readiness import Rung


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "stop_type", "limit")
    return {
        "stop_type": arguments.choice(given, "stop_type", StopType, StopType.SOFT).value,
        "limit": arguments.seconds(given, "limit", cloud.settings.soft_stop_limit),
    }


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    return given


def perform(work: Work) -> Outcome:
    """The step "went-down" is remembered: killed after it, the second run must not press again."""
    given = work.record.arguments
    instance = work.instance()
    if not work.current().evidence.get("went_down"):
        PowerOff(work, instance, StopType(given["stop_type"]), given["limit"]).run()
        work.evidence(went_down=True)
    power_on(work, instance)
    return Outcome(success=True, reason="rebooted", changes={"rung": Rung.STARTED, "paused": ""})
