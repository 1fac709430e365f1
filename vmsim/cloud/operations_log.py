"""Looking operations up."""

from __future__ import annotations

from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound
from vmsim.model.operation import OperationRecord
from vmsim.store import operations


def operation(cloud: Cloud, operation_id: str) -> OperationRecord:
    with cloud.store.reading() as connection:
        found = operations.one(connection, operation_id)
    if found is None:
        raise NotFound("operation", operation_id)
    return found


def operations_of(cloud: Cloud, instance_id: str, limit: int = 20) -> tuple[OperationRecord, ...]:
    """Newest first."""
    with cloud.store.reading() as connection:
        return tuple(operations.latest_of(connection, instance_id, limit))
