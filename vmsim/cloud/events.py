"""The audit log: one line for each request, each change of state and each fact noticed, written with what it tells of.

`record` belongs inside the transaction that makes the thing true, so that the log never says what did not happen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.model.operation import Event
from vmsim.store import events

PAGE = 1000


def record(cloud: Cloud, connection: Connection, kind: str, text: str, **about: Any) -> None:
    """`about`: instance_id, operation_id, data."""
    events.add(connection, cloud.clock.now(), kind, text, **about)


def note(cloud: Cloud, kind: str, text: str, **about: Any) -> None:
    """A fact that stands by itself."""
    with cloud.store.writing() as connection:
        record(cloud, connection, kind, text, **about)
    cloud.news.ring()


def read(cloud: Cloud, since: int, instance_id: str | None = None, limit: int = PAGE) -> tuple[Event, ...]:
    """Events after `since`, oldest first."""
    with cloud.store.reading() as connection:
        return tuple(events.read(connection, since, instance_id, limit))


def follow(cloud: Cloud, since: int, instance_id: str | None, stop: threading.Event) -> Iterator[Event]:
    """Events as they come, until `stop` is set."""
    seen = cloud.news.count
    while not stop.is_set():
        batch = read(cloud, since, instance_id)
        for event in batch:
            since = event.sequence
            yield event
        if not batch:
            seen = cloud.news.wait(seen, 1.0)
