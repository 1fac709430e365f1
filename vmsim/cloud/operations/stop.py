"""Stop: the document's shutdown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, firewall
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations.aftermath import file_system_left
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import Refused
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StoppedMode, StopType, Verb
from vmsim.store import addresses, instances, operations

RELEASED = "released"
"""In the evidence of a stop: the address that STOP_CHARGING gave back."""


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "stop_type", "stopped_mode", "limit")
    return {
        "stop_type": arguments.choice(given, "stop_type", StopType, StopType.SOFT).value,
        "stopped_mode": arguments.choice(given, "stopped_mode", StoppedMode, StoppedMode.KEEP_CHARGING).value,
        "limit": arguments.seconds(given, "limit", cloud.settings.soft_stop_limit),
    }


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    if given["stopped_mode"] == StoppedMode.STOP_CHARGING.value and instance.charge_type != "POSTPAID_BY_HOUR":
        raise Refused(
            f"Instance {instance.id} is charged {instance.charge_type}: it cannot stop being charged.",
            code="UnsupportedOperation.StoppedModeStopCharging",
        )
    return given


def perform(work: Work) -> Outcome:
    given = work.record.arguments
    instance = work.instance()
    found = PowerOff(work, instance, StopType(given["stop_type"]), given["limit"]).run()
    file_system_left(work, instance)
    changes: dict[str, Any] = {}
    if given["stopped_mode"] == StoppedMode.STOP_CHARGING.value:
        work.step("release", "giving the public address back")
        _release_address(work)
        changes = {"stop_charging": True}
    return Outcome(success=True, reason=found.ending.value if found.ending else "", changes=changes)


def _release_address(work: Work) -> None:
    """The ordinary one; an EIP is the account's, and stays bound. What goes is noted with it: the next start gives back
    what this stop took, and there may have been none."""
    with work.cloud.store.writing() as connection:
        instance, record = work.instance(), work.current()
        elastic = addresses.of_instance(connection, instance.id)
        taken = "" if elastic else instance.public_ip or ""
        if RELEASED not in record.evidence:  # done before, it has taken what there was
            operations.change(connection, record.id, evidence={**record.evidence, RELEASED: taken})
        if elastic is None:
            instances.change(connection, instance.id, public_ip=None)
    firewall.apply(work.cloud)


def took_address(connection: Connection, instance_id: str) -> bool:
    """Had it an ordinary address when it was stopped last? A stop of an older vmsim has not noted it, and had one."""
    last = operations.latest_success(connection, instance_id, Verb.STOP)
    return last is None or bool(last.evidence.get(RELEASED, True))
