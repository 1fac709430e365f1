"""StartInstances, StopInstances, RebootInstances and TerminateInstances: accepted or refused as a whole, then done."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import instances
from vmsim.model.errors import UsageError
from vmsim.model.lifecycle import StoppedMode, StopType, Verb

_E = TypeVar("_E", bound=Enum)


@action("StartInstances")
def start(call: Call) -> Reply:
    return _submit(call, Verb.START, {})


@action("StopInstances")
def stop(call: Call) -> Reply:
    mode = _chosen(call.params, "StoppedMode", StoppedMode.KEEP_CHARGING)
    stop_type = _how_hard(call.params, "ForceStop")
    return _submit(call, Verb.STOP, {"stop_type": stop_type.value, "stopped_mode": mode.value, "limit": None})


@action("RebootInstances")
def reboot(call: Call) -> Reply:
    stop_type = _how_hard(call.params, "ForceReboot")
    return _submit(call, Verb.REBOOT, {"stop_type": stop_type.value, "limit": None})


@action("TerminateInstances", without_effect={"ReleaseAddress": "no instance here has an address of its kind"})
def terminate(call: Call) -> Reply:
    """A prepaid instance goes to the recycle bin first."""
    return _submit(call, Verb.TERMINATE, {"release_prepaid": call.params.get("ReleasePrepaidDataDisks", False)})


def _submit(call: Call, verb: Verb, arguments: dict[str, Any]) -> Reply:
    instances.submit(
        call.cloud,
        verb,
        paging.required_ids(call.params, "InstanceIds", "ins"),
        arguments,
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}


def _how_hard(params: dict[str, Any], force: str) -> StopType:
    """StopType, or the deprecated flag that means SOFT_FIRST."""
    if force in params and "StopType" in params:
        raise UsageError(f"{force} and StopType exclude each other.", code="InvalidParameterCombination")
    return _chosen(params, "StopType", StopType.SOFT_FIRST if params.get(force) else StopType.SOFT)


def _chosen(params: dict[str, Any], name: str, default: _E) -> _E:
    kind = type(default)
    given = params.get(name, default.value)
    try:
        return kind(given)
    except ValueError as error:
        known = ", ".join(str(one.value) for one in kind)
        raise UsageError(f"{name} is {given!r}; it must be one of {known}.", code="InvalidParameterValue") from error
