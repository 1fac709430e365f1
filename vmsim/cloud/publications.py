"""Published ports: ports of the workstation that lead to an instance.

They are vmsim's own way in, and do not ask security groups. They belong to the record, not to the guest: a stop and a
start, a new daemon, a new lab change nothing, and they go with the instance.
"""

from __future__ import annotations

import contextlib

from vmsim.cloud import doors, events, instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.doors import Published
from vmsim.model.errors import InUse, NotFound, Refused
from vmsim.model.lifecycle import InstanceState
from vmsim.model.publication import LOOPBACK, Publication, shown
from vmsim.store import instances as instance_store
from vmsim.store import publications as store
from vmsim.store.schema import publications as table

_LOWEST_OF_A_USER = 1024

Place = tuple[str, int]


def publish(cloud: Cloud, instance_id: str, port: int, on: Place | None) -> Published:
    """Without `on` the loopback's port of the same number if it is free, else any; one that is published so already is
    answered again. Raises InUse when a port that was named is taken."""
    ident = instances.get(cloud, instance_id).id
    with cloud.publishing:
        wanted = _known(cloud, ident, port, on)
        if wanted is None:
            address, local_port = _reserved(cloud, port, on)
            wanted = Publication(address, local_port, ident, port)
            _record(cloud, wanted)
        doors.tell(cloud)
    return doors.as_told(cloud, wanted)


def withdraw(
    cloud: Cloud, instance_id: str = "", port: int | None = None, on: Place | None = None
) -> list[Publication]:
    """Those of an instance, of one of its ports, or the one at a place. Raises NotFound when there is none."""
    conditions = [] if on is None else [table.c.address == on[0], table.c.local_port == on[1]]
    if instance_id:
        conditions.append(table.c.instance_id == instances.get(cloud, instance_id).id)
    if port is not None:
        conditions.append(table.c.port == port)
    with cloud.publishing:
        gone = doors.remove(cloud, *conditions)
        if not gone:
            asked = ["" if port is None else str(port), f"of {instance_id}" if instance_id else ""]
            asked += ["" if on is None else f"on {shown(*on)}"]
            raise NotFound("published port", " ".join(filter(None, asked)), hint="`vmsim publish --list` shows them.")
        doors.tell(cloud)
    return gone


def _known(cloud: Cloud, ident: str, port: int, on: Place | None) -> Publication | None:
    with cloud.store.reading() as connection:
        if on is None:
            mine = (table.c.instance_id == ident, table.c.port == port, table.c.address == LOOPBACK)
            return next(iter(store.where(connection, *mine)), None)
        there = store.where(connection, table.c.address == on[0], table.c.local_port == on[1])
    if there and (there[0].instance_id, there[0].port) != (ident, port):
        raise InUse(
            f"{shown(*on)} leads to port {there[0].port} of {there[0].instance_id} already.",
            hint=f"`vmsim unpublish --on {shown(*on)}` ends that.",
        )
    return there[0] if there else None


def _reserved(cloud: Cloud, port: int, on: Place | None) -> Place:
    broker = doors.broker(cloud)
    if on is not None:
        return on[0], broker.reserve(*on)
    if port >= _LOWEST_OF_A_USER:
        with contextlib.suppress(InUse):
            return LOOPBACK, broker.reserve(LOOPBACK, port)
    return LOOPBACK, broker.reserve(LOOPBACK, 0)


def _record(cloud: Cloud, made: Publication) -> None:
    """The instance is looked at again: it may have been terminated since."""
    with cloud.store.writing() as connection:
        found = instance_store.one(connection, made.instance_id)
        if found is None:
            raise NotFound("instance", made.instance_id)
        if found.state is InstanceState.TERMINATING:
            raise Refused(f"Instance {found.id} is being terminated: no port can lead to it any more.")
        store.add(connection, made)
        text = f"port {made.port} on {shown(made.address, made.local_port)}"
        events.record(cloud, connection, "publish", text, instance_id=made.instance_id)
    cloud.news.ring()
