"""What an action is: its published name, the function that answers it, and what that function is told.

    @action("StopInstances")
    def stop(call: Call) -> Reply: ...

makes a row of the table in `simulated.py`; nothing is registered behind anybody's back. What of the published request
is not simulated stands beside the name, and the dispatcher holds it: what is `refused` never reaches the function, what
is `without_effect` is taken away before it, and in tests whatever else it does not look at is a bug. So the reference
that is made of these declarations (`reference.py`) is what really happens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vmsim.api.unsimulated import Only
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
    """A simulated action. The tables' keys are places in its request: `Placement.Zone`, without indices of lists."""

    service: str
    name: str
    run: Callable[[Call], Reply]
    needs_region: bool = True
    remembered: bool = False
    """The reply depends on the database, region, language and parameters alone: it holds until something is written."""
    refused: Mapping[str, Only] = field(default_factory=dict)
    without_effect: Mapping[str, str] = field(default_factory=dict)
    """Accepted although nothing comes of it, each with its reason."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """Limits that the function itself holds, as the reference says them: "only true"."""


def action(
    name: str,
    *,
    service: str = "cvm",
    needs_region: bool = True,
    remembered: bool = False,
    refused: Mapping[str, Only] | None = None,
    without_effect: Mapping[str, str] | None = None,
    limits: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Call], Reply]], Action]:
    """Make an Action of the function below."""

    def bound(run: Callable[[Call], Reply]) -> Action:
        return Action(service, name, run, needs_region, remembered, refused or {}, without_effect or {}, limits or {})

    return bound
