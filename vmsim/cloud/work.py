"""One operation in a worker's hands: what an operation's file is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vmsim.cloud import state
from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.model.operation import OperationRecord
from vmsim.store import instances, operations


@dataclass(frozen=True)
class Work:
    """The record is as it was when the worker took it; `instance()` and `current()` read anew."""

    cloud: Cloud
    record: OperationRecord

    def instance(self) -> Instance:
        with self.cloud.store.reading() as connection:
            found = instances.one(connection, self.record.instance_id)
        if found is None:
            raise NotFound("instance", self.record.instance_id)
        return found

    def current(self) -> OperationRecord:
        with self.cloud.store.reading() as connection:
            found = operations.one(connection, self.record.id)
        if found is None:
            raise NotFound("operation", self.record.id)
        return found

    def step(self, name: str, phase: str = "") -> None:
        """Say what is about to be done; a crash test kills the daemon here."""
        state.step(self.cloud, self.record, name, phase)

    def show(self, shown: InstanceState) -> None:
        state.show(self.cloud, self.record, shown)

    def evidence(self, **found: Any) -> None:
        state.evidence(self.cloud, self.record, found)

    @property
    def age(self) -> float:
        """Seconds since the request was accepted."""
        return (self.cloud.clock.now() - self.record.began).total_seconds()
