"""Which ports of the workstation are open for which instance: what the store says, told to the broker outside the lab.

It is told the whole list each time, so that being told twice, or late, is harmless. What it answered last is kept in
`cloud.doors`. How a publication comes about, and ends by hand: `publications.py`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.host.broker import Broker
from vmsim.model.errors import HostError
from vmsim.model.publication import Publication, shown
from vmsim.store import publications as store
from vmsim.store.schema import publications as table

_NOT_TOLD = "It is not open yet."
_AWAY = "The broker is away; any command of vmsim starts it again."


@dataclass(frozen=True)
class Published:
    """A publication, and why it is not open; nothing when it is."""

    address: str
    local_port: int
    instance_id: str
    port: int
    error: str


def listing(cloud: Cloud, instance_id: str = "") -> list[Published]:
    """Of all instances, or of one."""
    conditions = [table.c.instance_id == instance_id] if instance_id else []
    with cloud.store.reading() as connection:
        found = store.where(connection, *conditions)
    return [as_told(cloud, each) for each in found]


def as_told(cloud: Cloud, each: Publication) -> Published:
    """With what the broker said of it last."""
    return Published(**vars(each), error=cloud.doors.get((each.address, each.local_port), _NOT_TOLD))


def broker(cloud: Cloud) -> Broker:
    return Broker(cloud.home.broker_socket)


def tell(cloud: Cloud) -> None:
    """`cloud.publishing` is held. Raises HostError when the broker is away."""
    with cloud.store.reading() as connection:
        wanted = store.where(connection)
    try:
        cloud.doors = broker(cloud).open(wanted)
    except HostError:
        cloud.doors = {(each.address, each.local_port): _AWAY for each in wanted}
        raise


def remove(cloud: Cloud, *conditions: Any) -> list[Publication]:
    """From the store; `cloud.publishing` is held. What is gone."""
    with cloud.store.writing() as connection:
        gone = store.where(connection, *conditions)
        store.remove(connection, *conditions)
        for each in gone:
            text = f"port {each.port} no longer on {shown(each.address, each.local_port)}"
            events.record(cloud, connection, "publish", text, instance_id=each.instance_id)
    cloud.news.ring()
    return gone


def forget(cloud: Cloud, instance_id: str) -> None:
    """The instance is going, and its publications with it. A broker that is away hears of it when it comes back."""
    if not listing(cloud, instance_id):
        return
    with cloud.publishing, contextlib.suppress(HostError):
        remove(cloud, table.c.instance_id == instance_id)
        tell(cloud)


def reconcile(cloud: Cloud) -> None:
    """What is recorded is what is open. Raises HostError when the broker is away and something should be."""
    with cloud.publishing:
        try:
            tell(cloud)
        except HostError:
            if cloud.doors:
                raise
