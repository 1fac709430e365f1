"""Operations: rows to records and back. An operation without an end is a task still to be worked on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from vmsim.model.lifecycle import OperationState, Verb
from vmsim.model.operation import Caller, OperationRecord
from vmsim.store import times
from vmsim.store.schema import instances, operations

_PLAIN = [
    "id",
    "instance_id",
    "arguments",
    "request_id",
    "step",
    "phase",
    "error",
    "lab_boot",
    "force",
    "began_in",
    "evidence",
    "escalated",
]


def add(connection: Connection, record: OperationRecord) -> None:
    number = connection.execute(select(func.coalesce(func.max(operations.c.number), 0))).scalar_one() + 1
    connection.execute(
        insert(operations).values(
            **{name: getattr(record, name) for name in _PLAIN},
            number=number,
            verb=record.verb.value,
            state=record.state.value,
            caller_how=record.caller.how,
            caller_who=record.caller.who,
            began=times.text(record.began),
            ended=times.text(record.ended) if record.ended else None,
        )
    )


def change(connection: Connection, operation_id: str, **fields: Any) -> None:
    if "state" in fields:
        fields["state"] = fields["state"].value
    if fields.get("ended") is not None:
        fields["ended"] = times.text(fields["ended"])
    connection.execute(update(operations).where(operations.c.id == operation_id).values(**fields))


def one(connection: Connection, operation_id: str) -> OperationRecord | None:
    row = connection.execute(select(operations).where(operations.c.id == operation_id)).mappings().first()
    return _record(row) if row else None


def unsettled(connection: Connection) -> list[OperationRecord]:
    """What was begun and has no end, oldest first."""
    query = select(operations).where(operations.c.state == OperationState.OPERATING.value).order_by(operations.c.number)
    return [_record(row) for row in connection.execute(query).mappings()]


def under_way(connection: Connection, instance_id: str) -> OperationRecord | None:
    query = select(operations).where(
        operations.c.instance_id == instance_id, operations.c.state == OperationState.OPERATING.value
    )
    row = connection.execute(query).mappings().first()
    return _record(row) if row else None


def latest_of(connection: Connection, instance_id: str, limit: int) -> list[OperationRecord]:
    query = (
        select(operations)
        .where(operations.c.instance_id == instance_id)
        .order_by(operations.c.number.desc())
        .limit(limit)
    )
    return [_record(row) for row in connection.execute(query).mappings()]


def latest_success(connection: Connection, instance_id: str, verb: Verb) -> OperationRecord | None:
    done = (operations.c.verb == verb.value) & (operations.c.state == OperationState.SUCCESS.value)
    query = select(operations).where(operations.c.instance_id == instance_id, done)
    row = connection.execute(query.order_by(operations.c.number.desc()).limit(1)).mappings().first()
    return _record(row) if row else None


def forget_of_removed(connection: Connection, before: str) -> None:
    """Those that ended before a time (as text) on instances that are not there any more."""
    known = select(instances.c.id)
    gone = (operations.c.ended < before, operations.c.instance_id.not_in(known))
    connection.execute(delete(operations).where(*gone))


def _record(row: RowMapping) -> OperationRecord:
    return OperationRecord(
        **{name: row[name] for name in _PLAIN},
        verb=Verb(row["verb"]),
        state=OperationState(row["state"]),
        caller=Caller(row["caller_how"], row["caller_who"]),
        began=times.moment(row["began"]),
        ended=times.moment(row["ended"]) if row["ended"] else None,
    )
