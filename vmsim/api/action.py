"""What an action is: its published name, the function that answers it, and what that function is told.

    @action("StopInstances")
    def stop(call: Call) -> Reply: ...

makes a row of the table in `simulated.py`; nothing is registered behind anybody's back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vmsim.cloud.context import Cloud
from vmsim.model.operation import Caller

Reply = dict[str, Any]
"""The members of Response, without RequestId. The value of a member may be Raw."""


class Raw(bytes):
    """A value that is JSON already."""


def encoded(value: Any) -> bytes:
    """A value as JSON. A lone surrogate can only come from the client's own words; as an escape it is JSON again."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Call:
    """One request, read and checked. `params` are typed as the schema says; what was not given is not there."""

    cloud: Cloud
    region: str
    language: str
    request_id: str
    caller: Caller
    params: dict[str, Any]


@dataclass(frozen=True)
class Action:
    """A simulated action."""

    service: str
    name: str
    run: Callable[[Call], Reply]
    needs_region: bool = True
    remembered: bool = False
    """The reply depends on the database, region, language and parameters alone: it holds until something is written."""


def action(
    name: str, *, service: str = "cvm", needs_region: bool = True, remembered: bool = False
) -> Callable[[Callable[[Call], Reply]], Action]:
    """Make an Action of the function below."""

    def bound(run: Callable[[Call], Reply]) -> Action:
        return Action(service, name, run, needs_region, remembered)

    return bound
