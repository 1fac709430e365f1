"""Terminate: the plug, then everything goes. Each step is harmless when it was done before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, removal
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operations_of
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model import charges
from vmsim.model.errors import Refused, UsageError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, StopType, Verb


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    """`source`: what expires is not asked about its protection. `release_prepaid`: the recycle bin for those prepaid
    disks that would outlive it."""
    arguments.known(given, "source", "release_prepaid")
    source = given.get("source") or charges.BY_HAND
    if source not in (charges.BY_HAND, charges.BY_EXPIRY):
        raise UsageError(f"source is {source!r}; it must be {charges.BY_HAND} or {charges.BY_EXPIRY}.")
    return {"source": source, **({"release_prepaid": True} if given.get("release_prepaid") else {})}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    if instance.protected and given["source"] == charges.BY_HAND:
        raise Refused(
            f"Instance {instance.id} is protected against termination.", code="UnsupportedOperation.InstancesProtected"
        )
    return given


def perform(work: Work) -> Outcome:
    instance = work.instance()
    PowerOff(work, instance, StopType.HARD, 0).run()
    launched = work.record.began_in != InstanceState.LAUNCH_FAILED.value  # else no disk of it ever was
    released = _releases_prepaid(work)
    removal.remove(work.cloud, instance, work.step, keep_disks=launched, release_prepaid=released)
    return Outcome(success=True)


def _releases_prepaid(work: Work) -> bool:
    """As it is asked now, or was when the instance itself went into the recycle bin."""
    before = [one for one in operations_of(work.cloud, work.record.instance_id) if one.verb is Verb.ISOLATE]
    return any(one.arguments.get("release_prepaid", False) for one in (work.record, *before[:1]))
