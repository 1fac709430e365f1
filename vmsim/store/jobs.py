"""Jobs: rows to records and back. A job without an end is still to be worked on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import OperationState
from vmsim.model.operation import Caller
from vmsim.store import rows, times
from vmsim.store.schema import jobs

_PLAIN = ["id", "subject_id", "instance_id", "arguments", "request_id", "step", "error", "evidence"]


def add(connection: Connection, record: JobRecord) -> None:
    number = connection.execute(select(func.coalesce(func.max(jobs.c.number), 0))).scalar_one() + 1
    connection.execute(
        insert(jobs).values(
            **rows.columns(vars(record), "caller"),
            number=number,
            caller_how=record.caller.how,
            caller_who=record.caller.who,
        )
    )


def change(connection: Connection, job_id: str, **fields: Any) -> None:
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(**rows.columns(fields)))


def one(connection: Connection, job_id: str) -> JobRecord | None:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    return _record(row) if row else None


def number_of(connection: Connection, job_id: str) -> int:
    """What the cloud's clients know it by (TaskId)."""
    return int(connection.execute(select(jobs.c.number).where(jobs.c.id == job_id)).scalar_one())


def by_number(connection: Connection, number: int) -> JobRecord | None:
    row = connection.execute(select(jobs).where(jobs.c.number == number)).mappings().first()
    return _record(row) if row else None


def since(connection: Connection, kind: JobKind, moment: datetime) -> list[JobRecord]:
    """All of a kind that were begun then or later."""
    query = select(jobs).where(jobs.c.kind == kind.value, jobs.c.began >= times.text(moment))
    return [_record(row) for row in connection.execute(query).mappings()]


def unsettled(connection: Connection) -> list[JobRecord]:
    """What was begun and has no end, oldest first."""
    query = select(jobs).where(jobs.c.state == OperationState.OPERATING.value).order_by(jobs.c.number)
    return [_record(row) for row in connection.execute(query).mappings()]


def latest_of(connection: Connection, subject_id: str, limit: int) -> list[JobRecord]:
    """Newest first."""
    query = select(jobs).where(jobs.c.subject_id == subject_id).order_by(jobs.c.number.desc()).limit(limit)
    return [_record(row) for row in connection.execute(query).mappings()]


def forget(connection: Connection, before: str) -> None:
    """Those that ended before a time (as text)."""
    connection.execute(delete(jobs).where(jobs.c.ended < before))


def _record(row: RowMapping) -> JobRecord:
    return JobRecord(
        **{name: row[name] for name in _PLAIN},
        kind=JobKind(row["kind"]),
        state=OperationState(row["state"]),
        caller=Caller(row["caller_how"], row["caller_who"]),
        began=times.moment(row["began"]),
        ended=times.moment(row["ended"]) if row["ended"] else None,
    )
