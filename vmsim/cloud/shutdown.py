"""Stopping every guest properly before the lab goes down."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, InstanceQuery, query
from vmsim.model.errors import VmsimError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, StopType, Verb
from vmsim.model.operation import Caller

_OFF = (InstanceState.STOPPED, InstanceState.LAUNCH_FAILED, InstanceState.SHUTDOWN)


def shut_down(cloud: Cloud, limit: float) -> Iterator[str]:
    """Press every button, pull the plugs after `limit`, and say what happens. Ends when no guest runs."""
    told: dict[str, str] = {}
    asked: set[str] = set()
    while True:
        seen = cloud.news.count
        alive = [one for one in query(cloud, InstanceQuery(limit=None)).items if one.state not in _OFF]
        for instance in alive:
            if instance.state is InstanceState.RUNNING and not instance.operating and instance.id not in asked:
                asked.add(instance.id)
                _ask(cloud, instance, limit)
        yield from _news(alive, told)
        if not alive:
            return
        cloud.news.wait(seen, 1.0)


def _ask(cloud: Cloud, instance: Instance, limit: float) -> None:
    try:
        instances.submit(
            cloud,
            Verb.STOP,
            [instance.id],
            {"stop_type": StopType.SOFT_FIRST.value, "limit": limit},
            region=None,
            caller=Caller("lab", "vmsim down"),
            request_id=str(uuid.uuid4()),
        )
    except VmsimError:
        # Somebody else asked something of it meanwhile: it is looked at again in the next round.
        return


def _news(alive: list[Instance], told: dict[str, str]) -> Iterator[str]:
    now = {one.id: f"{one.name} ({one.id}) is {one.state.words}" for one in alive}
    for ident, text in now.items():
        if told.get(ident) != text:
            yield text
    for ident in set(told) - set(now):
        yield f"{ident} is off"
    told.clear()
    told.update(now)


def running(cloud: Cloud) -> int:
    """How many guests there are to stop."""
    off = Filter("instance-state", tuple(state.value for state in InstanceState if state not in _OFF))
    return query(cloud, InstanceQuery(filters=(off,), limit=1)).total
