"""Asking something of instances: found? allowed? free? → recorded. All or nothing, and no guest is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import events, state
from vmsim.cloud.context import Cloud
from vmsim.cloud.launch import GOING_DOWN, launch
from vmsim.cloud.names import check as check_name
from vmsim.cloud.operations.verbs import VERBS
from vmsim.cloud.query import InstanceQuery, Page, query, query_ids, records
from vmsim.model import ids as model_ids
from vmsim.model.errors import Busy, Missing, NotFound, Refused, UsageError, WrongState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import ACTIONS, InstanceState, StopType, Verb, allowed
from vmsim.model.operation import Caller, OperationRecord
from vmsim.store import instances, operations
from vmsim.store.schema import instances as table

__all__ = ["InstanceQuery", "Page", "escalate", "get", "launch", "query", "query_ids", "records", "rename", "submit"]

MOST_IDS = 100
_POSSIBLE_WHILE_NOT_CHARGED = frozenset({Verb.START, Verb.TERMINATE})
_ESCALATES = frozenset({Verb.STOP, Verb.REBOOT})
_STARTS = frozenset({Verb.START, Verb.REBOOT})


def submit(
    cloud: Cloud,
    verb: Verb,
    ids: Sequence[str],
    arguments: dict[str, Any],
    *,
    region: str | None,
    caller: Caller,
    request_id: str,
    force: bool = False,
) -> tuple[OperationRecord, ...]:
    """Accept the operation for every instance, or refuse it for all. Raises what the first offender in order earns."""
    wanted = _wanted(ids)
    if verb in _STARTS and cloud.going_down.is_set():
        raise Busy(GOING_DOWN)
    file = VERBS[verb]
    given = file.prepare(cloud, arguments)
    _allowed(verb, records(cloud, wanted), wanted, region, force=force)  # a refusal needs no write lock
    with cloud.store.writing() as connection:
        chosen = _allowed(verb, instances.by_ids(connection, wanted), wanted, region, force=force)
        begun = [
            state.begin(
                cloud,
                connection,
                verb,
                instance,
                file.check(cloud, connection, instance, given),
                caller=caller,
                request_id=request_id,
                force=force,
            )
            for instance in chosen
        ]
    cloud.reached(f"{verb.value}.accepted")
    cloud.news.ring()
    for record in begun:
        cloud.enqueue(record.id)
    return tuple(begun)


def _allowed(
    verb: Verb, found: Mapping[str, Instance], wanted: Sequence[str], region: str | None, *, force: bool
) -> list[Instance]:
    """Those that are wanted. Raises what the first offender in order earns."""
    chosen = [_known(found.get(one), one, region) for one in wanted]
    for instance in chosen:
        _check_allowed(verb, instance, force=force)
    return chosen


def _wanted(ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(model_ids.check("ins", one) for one in ids))
    if not wanted:
        raise Missing("No instance was named.", code="MissingParameter")
    if len(ids) > MOST_IDS:
        raise UsageError(
            f"{len(ids)} instances were named; at most {MOST_IDS} are possible.",
            code="InvalidParameterValue.LimitExceeded",
        )
    return wanted


def _known(instance: Instance | None, ident: str, region: str | None) -> Instance:
    if instance is None or (region is not None and instance.region != region):
        raise NotFound("instance", ident, code="InvalidInstanceId.NotFound")
    return instance


def _check_allowed(verb: Verb, instance: Instance, *, force: bool) -> None:
    """Precedence: a state it passes through, another operation, the stop without charging, any other wrong state."""
    wrong = WrongState(ACTIONS[verb], instance.id, instance.state.value, hint=_way_out(verb, instance))
    if instance.state.transitional:
        raise wrong
    if instance.operating:
        doing = ACTIONS[instance.latest.verb] if instance.latest.verb else "an operation"
        raise Busy(
            f"{ACTIONS[verb]} is not possible now: {doing} is under way on instance {instance.id}.",
            hint="Wait for it to end.",
        )
    if instance.stop_charging and verb not in _POSSIBLE_WHILE_NOT_CHARGED:
        raise Refused(
            f"Instance {instance.id} was stopped without charging: only start and terminate are possible.",
            hint=f"`vmsim start {instance.id}` first.",
            code="UnsupportedOperation.StoppedModeStopCharging",
        )
    if not allowed(verb, instance.state, force=force):
        raise wrong


def _way_out(verb: Verb, instance: Instance) -> str:
    if instance.state.transitional:
        return f"It is {instance.state.words}; wait for it to end."
    if allowed(verb, instance.state, force=True):
        return f"`vmsim stop {instance.id}` first, or use --force."
    return ""


def rename(cloud: Cloud, ident: str, name: str) -> Instance:
    """Another display name; possible in every state."""
    check_name(name)
    instance = get(cloud, ident)
    with cloud.store.writing() as connection:
        instances.change(connection, instance.id, name=name)
        events.record(cloud, connection, "request", f"renamed to {name}", instance_id=instance.id)
    cloud.news.ring()
    return get(cloud, instance.id)


def escalate(cloud: Cloud, ident: str, *, caller: Caller) -> OperationRecord:
    """A soft stop or reboot under way gets the plug now. Its worker sees the guest go and finds this recorded."""
    instance = get(cloud, ident)
    with cloud.store.writing() as connection:
        record = operations.under_way(connection, instance.id)
        if record is None or not _may_escalate(record):
            raise WrongState("Escalating a stop", instance.id, instance.state.value, hint="No soft stop is under way.")
        operations.change(connection, record.id, escalated=True)
        events.record(
            cloud,
            connection,
            "request",
            f"escalated: the plug is pulled ({caller.how} {caller.who})".replace(" )", ")"),
            instance_id=instance.id,
            operation_id=record.id,
        )
    cloud.domains.destroy(instance.uuid)
    cloud.news.ring()
    return record


def _may_escalate(record: OperationRecord) -> bool:
    soft = record.arguments.get("stop_type") != StopType.HARD.value
    goes_down = record.verb in _ESCALATES or (record.force and record.began_in == InstanceState.RUNNING.value)
    return goes_down and soft and not record.evidence.get("went_down")


def get(cloud: Cloud, ident: str, *, region: str | None = None) -> Instance:
    """By id, or by a name that only one instance has."""
    with cloud.store.reading() as connection:
        if ident.startswith("ins-"):
            return _known(instances.one(connection, model_ids.check("ins", ident)), ident, region)
        return _by_name(connection, ident, region)


def _by_name(connection: Connection, name: str, region: str | None) -> Instance:
    conditions = [table.c.name == name]
    if region is not None:
        conditions.append(table.c.region == region)
    found = instances.where(connection, *conditions)
    if not found:
        raise NotFound("instance", name, hint="`vmsim list` shows them.", code="InvalidInstanceId.NotFound")
    if len(found) > 1:
        raise Refused(
            f"{len(found)} instances are named {name}: {', '.join(one.id for one in found)}.", hint="Use the id."
        )
    return found[0]
