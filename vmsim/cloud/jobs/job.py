"""Jobs: accepted work on disks, snapshots, images and addresses, as `cloud.state` and `cloud.work` are for instances.

`begin` records a job in the transaction that checked the request; a worker performs it, perhaps twice, in named steps;
`settle` records its end together with what becomes true of its subject. A job may die at any step with its daemon: the
next one performs it again from its beginning, and a power cut changes nothing about that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.model import ids
from vmsim.model.errors import NotFound
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import OperationState
from vmsim.model.operation import Caller
from vmsim.store import jobs


@dataclass(frozen=True)
class Job:
    """One job in a worker's hands."""

    cloud: Cloud
    record: JobRecord

    def current(self) -> JobRecord:
        with self.cloud.store.reading() as connection:
            found = jobs.one(connection, self.record.id)
        if found is None:
            raise NotFound("job", self.record.id)
        return found

    def step(self, name: str) -> None:
        """Say what is about to be done; a crash test kills the daemon here."""
        self.cloud.reached(f"{self.record.kind.value}.{name}")
        with self.cloud.store.writing() as connection:
            jobs.change(connection, self.record.id, step=name)
        self.cloud.news.ring()

    def evidence(self, **found: Any) -> None:
        """Keep what was found, whatever becomes of the job."""
        with self.cloud.store.writing() as connection:
            current = jobs.one(connection, self.record.id)
            known = current.evidence if current else {}
            jobs.change(connection, self.record.id, evidence={**known, **found})

    @contextmanager
    def machine(self) -> Iterator[None]:
        """Alone at the instance's machine, if the job has one: an operation on it waits, or is waited for.

        For a part of the work. A kind whose end must be recorded before anybody else touches the machine says so in its
        row (`JobFile.alone`) and is alone from the start; it must not call this."""
        with self.cloud.hands.on(self.record.instance_id):
            yield


Settle = Callable[[Cloud, Connection, JobRecord, "JobOutcome"], None]
"""Writes what has become true of the subject, in the transaction that records the end."""


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended. `facts` are for its kind's own settle."""

    success: bool
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def begin(
    cloud: Cloud,
    connection: Connection,
    kind: JobKind,
    subject_id: str,
    arguments: dict[str, Any],
    *,
    instance_id: str = "",
    caller: Caller,
    request_id: str,
) -> JobRecord:
    """Record an accepted request inside the caller's transaction; hand its id to `cloud.enqueue` after the commit."""
    record = JobRecord(
        id=ids.new("job"),
        kind=kind,
        subject_id=subject_id,
        instance_id=instance_id,
        arguments=arguments,
        caller=caller,
        request_id=request_id,
        state=OperationState.OPERATING,
        step="accepted",
        began=cloud.clock.now(),
    )
    jobs.add(connection, record)
    events.record(
        cloud,
        connection,
        "request",
        f"{kind.value} of {subject_id} accepted ({caller.words})",
        instance_id=instance_id,
        operation_id=record.id,
        data={"arguments": arguments, "subject": subject_id, "request_id": request_id},
    )
    return record


def settle(cloud: Cloud, record: JobRecord, outcome: JobOutcome, settle_subject: Settle) -> None:
    """The work has ended: job, subject and log say so together."""
    with cloud.store.writing() as connection:
        jobs.change(
            connection,
            record.id,
            state=OperationState.SUCCESS if outcome.success else OperationState.FAILED,
            ended=cloud.clock.now(),
            error=outcome.error,
        )
        settle_subject(cloud, connection, record, outcome)
        text = f"{record.kind.value} of {record.subject_id} " + ("done" if outcome.success else outcome.error)
        events.record(
            cloud,
            connection,
            "job" if outcome.success else "failed",
            text,
            instance_id=record.instance_id,
            operation_id=record.id,
        )
    cloud.news.ring()
