"""Isolate a prepaid instance: off, in the recycle bin, with everything that it has. Asked or expired.

It stays there, its machine defined and its addresses its own, until it is terminated or its time there is over.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import terminate
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model import charges
from vmsim.model.errors import Refused
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StopType

_REASONS = {charges.BY_HAND: "terminated: in the recycle bin", charges.BY_EXPIRY: "expired: in the recycle bin"}

prepare = terminate.prepare


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    if not instance.prepaid:
        raise Refused(f"Instance {instance.id} is not paid for in advance: the recycle bin is not for it.")
    return terminate.check(cloud, connection, instance, given)


def perform(work: Work) -> Outcome:
    source = work.record.arguments["source"]
    PowerOff(work, work.instance(), StopType.HARD, 0).run()
    changes = {"isolated_source": source, "isolated_at": work.cloud.clock.now()}
    return Outcome(success=True, reason=_REASONS[source], changes=changes)
