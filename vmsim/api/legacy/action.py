"""What an action of the legacy API is told, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vmsim.api.legacy.request import Parameters
from vmsim.cloud.context import Cloud
from vmsim.model.operation import Caller, OperationRecord

Reply = dict[str, Any]
"""Members of the answer beside code, message and codeDesc, or instead of them."""


@dataclass(frozen=True)
class LegacyCall:
    """One request, read; `region` is the full name."""

    cloud: Cloud
    region: str
    request_id: str
    caller: Caller
    params: Parameters


LegacyAction = Callable[[LegacyCall], Reply]


def task_number(record: OperationRecord) -> int:
    """The legacy API numbers what it was asked; the number is the operation's id, read in base 36."""
    return int(record.id.partition("-")[2], 36)
