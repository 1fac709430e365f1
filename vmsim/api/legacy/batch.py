"""StopInstances, StartInstances, RestartInstances, ResetInstancePassword and BindInstanceKey.

Each instance is done by itself: the good ones proceed, each bad one gets its own reason in `detail`. The outer code
says how it went for all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from vmsim.api.legacy import codes, identity
from vmsim.api.legacy.action import LegacyCall, Reply, task_number
from vmsim.cloud import instances, key_pairs
from vmsim.model import password
from vmsim.model.errors import UsageError, VmsimError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StoppedMode, StopType, Verb

log = logging.getLogger(__name__)

ArgumentsFor = Callable[[Instance], dict[str, Any]]


def stop(call: LegacyCall) -> Reply:
    call.params.known("instanceIds", "forceStop")
    stopping = {"stop_type": _stop_type(call).value, "stopped_mode": StoppedMode.KEEP_CHARGING.value, "limit": None}
    return _each(call, Verb.STOP, lambda _: stopping)


def start(call: LegacyCall) -> Reply:
    call.params.known("instanceIds")
    return _each(call, Verb.START, lambda _: {})


def restart(call: LegacyCall) -> Reply:
    call.params.known("instanceIds", "forceStop")
    stopping = {"stop_type": _stop_type(call).value, "limit": None}
    return _each(call, Verb.REBOOT, lambda _: stopping)


def reset_password(call: LegacyCall) -> Reply:
    call.params.known("instanceIds", "password")
    chosen = call.params.text("password")
    password.check_legacy(chosen, "")

    def arguments(instance: Instance) -> dict[str, Any]:
        password.check_legacy(chosen, instance.login_user)
        return {"password": chosen, "user_name": "", "rule": password.Rule.LEGACY.value}

    return _each(call, Verb.RESET_PASSWORD, arguments)


def bind_key(call: LegacyCall) -> Reply:
    call.params.known("instanceIds", "keyId")
    key = key_pairs.get(call.cloud, call.region, call.params.text("keyId"))
    return _each(call, Verb.ASSOCIATE_KEYS, lambda _: {"key_ids": [key.id]})


def _stop_type(call: LegacyCall) -> StopType:
    """1 is a normal shutdown first, and the plug after it failed."""
    force = call.params.whole("forceStop", 0)
    if force not in (0, 1):
        raise UsageError(f"forceStop is {force}; it must be 0 or 1.")
    return StopType.SOFT_FIRST if force else StopType.SOFT


def _each(call: LegacyCall, verb: Verb, arguments: ArgumentsFor) -> Reply:
    detail = {ident: _one(call, verb, ident, arguments) for ident in call.params.instance_ids()}
    failed = sum(entry["code"] != 0 for entry in detail.values())
    if not failed:
        return {"detail": detail}
    code, name = codes.ALL_FAILED if failed == len(detail) else codes.SOME_FAILED
    message = f"({name}){failed} of {len(detail)} instances failed; detail says why."
    return {"code": code, "message": message, "codeDesc": name, "detail": detail}


def _one(call: LegacyCall, verb: Verb, ident: str, arguments: ArgumentsFor) -> Reply:
    try:
        instance = identity.find(call.cloud, call.region, ident)
        (record,) = instances.submit(
            call.cloud,
            verb,
            (instance.id,),
            arguments(instance),
            region=call.region,
            caller=call.caller,
            request_id=call.request_id,
        )
    except VmsimError as error:
        told = codes.told(error)
        if told.code == codes.INTERNAL:
            log.error("%s of %s failed", verb.value, ident, exc_info=error)
        return {"code": told.code, "message": told.message, "requestId": ""}
    return {"code": 0, "message": "", "requestId": str(task_number(record))}
