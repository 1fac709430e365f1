"""Stopping every guest properly before the lab goes down."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import InstanceQuery, query
from vmsim.model.errors import VmsimError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, StopType, Verb
from vmsim.model.operation import Caller

_OFF = (InstanceState.STOPPED, InstanceState.LAUNCH_FAILED, InstanceState.SHUTDOWN)


def shut_down(cloud: Cloud, limit: float) -> Iterator[str]:
    """Press every button, pull the plugs after `limit`, and say what happens. Ends when no guest runs.

    One whose soft stop failed all the same (the host had paused it, libvirt was away) gets the plug.
    """
    told: dict[str, tuple[str, str]] = {}
    asked: set[str] = set()
    while True:
        seen = cloud.news.count
        alive = [one for one in query(cloud, InstanceQuery(limit=None)).items if one.state not in _OFF]
        for instance in alive:
            if instance.state is InstanceState.RUNNING and not instance.operating:
                stop_type = StopType.HARD if instance.id in asked else StopType.SOFT_FIRST
                if _ask(cloud, instance, stop_type, limit):
                    asked.add(instance.id)
        yield from _news(alive, told)
        if not alive:
            return
        cloud.news.wait(seen, 1.0)


def _ask(cloud: Cloud, instance: Instance, stop_type: StopType, limit: float) -> bool:
    """False when somebody else asked something of it meanwhile: it is looked at again in the next round."""
    try:
        instances.submit(
            cloud,
            Verb.STOP,
            [instance.id],
            {"stop_type": stop_type.value, "limit": limit},
            region=None,
            caller=Caller("lab", "vmsim down"),
            request_id=str(uuid.uuid4()),
        )
    except VmsimError:
        return False
    return True


def _news(alive: list[Instance], told: dict[str, tuple[str, str]]) -> Iterator[str]:
    now = {one.id: (f"{one.name} ({one.id})", one.state.words) for one in alive}
    for ident, (who, words) in now.items():
        if told.get(ident) != (who, words):
            yield f"{who} is {words}"
    for ident in told.keys() - now.keys():
        yield f"{told[ident][0]} is off"
    told.clear()
    told.update(now)
