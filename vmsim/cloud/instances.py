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
from vmsim.cloud.permission import demand, known, named
from vmsim.cloud.query import InstanceQuery, Page, query, query_ids, records
from vmsim.model import ids as model_ids
from vmsim.model.errors import Busy, NotFound, Refused, WrongState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, StopType, Verb
from vmsim.model.operation import Caller, OperationRecord
from vmsim.store import instances, operations
from vmsim.store.schema import instances as table

__all__ = [
    "InstanceQuery",
    "Page",
    "escalate",
    "get",
    "launch",
    "protect",
    "query",
    "query_ids",
    "records",
    "rename",
    "submit",
]

_ESCALATES = frozenset({Verb.STOP, Verb.REBOOT, Verb.REINSTALL, Verb.MODIFY})
_STARTS = frozenset({Verb.START, Verb.REBOOT, Verb.REINSTALL})
_PREPAID_ENDS_FROM = frozenset({InstanceState.SHUTDOWN, InstanceState.LAUNCH_FAILED, InstanceState.TERMINATING})


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
    wanted = named(ids)
    if verb in _STARTS and cloud.going_down.is_set():
        raise Busy(GOING_DOWN)
    given = VERBS[verb].prepare(cloud, arguments)
    _allowed(verb, records(cloud, wanted), wanted, region, force=force)  # a refusal needs no write lock
    with cloud.store.writing() as connection:
        chosen = _allowed(verb, instances.by_ids(connection, wanted), wanted, region, force=force)
        begun = [
            state.begin(
                cloud,
                connection,
                own,
                instance,
                VERBS[own].check(cloud, connection, instance, given),
                caller=caller,
                request_id=request_id,
                force=force,
            )
            for own, instance in chosen
        ]
    cloud.hand_over(begun[0].verb.value, [record.id for record in begun])
    return tuple(begun)


def _allowed(
    verb: Verb, found: Mapping[str, Instance], wanted: Sequence[str], region: str | None, *, force: bool
) -> list[tuple[Verb, Instance]]:
    """Those that are wanted, each with what it means for it. Raises what the first offender in order earns."""
    chosen = [known(found.get(one), one, region) for one in wanted]
    _refuse_mixed(verb, chosen)
    meant = [(_own(verb, instance), instance) for instance in chosen]
    for own, instance in meant:
        demand(own, instance, force=force)
    return meant


def _own(verb: Verb, instance: Instance) -> Verb:
    """TerminateInstances of a prepaid instance puts it into the recycle bin; asked again, there, it ends it."""
    ends = verb is Verb.TERMINATE and instance.prepaid
    return Verb.ISOLATE if ends and instance.state not in _PREPAID_ENDS_FROM else verb


def _refuse_mixed(verb: Verb, chosen: Sequence[Instance]) -> None:
    kinds = sorted({instance.charge_type for instance in chosen})
    if verb is Verb.TERMINATE and len(kinds) > 1:
        raise Refused(
            f"Instances of different charge types ({', '.join(kinds)}) cannot be terminated in one request.",
            code="UnsupportedOperation.InstanceMixedPricingModel",
        )


def rename(cloud: Cloud, ident: str, name: str) -> Instance:
    """Another display name; possible in every state."""
    check_name(name)
    instance = get(cloud, ident)
    with cloud.store.writing() as connection:
        instances.change(connection, instance.id, name=name)
        events.record(cloud, connection, "request", f"renamed to {name}", instance_id=instance.id)
    cloud.news.ring()
    return get(cloud, instance.id)


def protect(cloud: Cloud, ident: str, protected: bool) -> Instance:
    """Against termination, or no longer; possible in every state."""
    instance = get(cloud, ident)
    with cloud.store.writing() as connection:
        instances.change(connection, instance.id, protected=protected)
        text = "protected against termination" if protected else "no longer protected against termination"
        events.record(cloud, connection, "request", text, instance_id=instance.id)
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
            f"escalated: the plug is pulled ({caller.words})",
            instance_id=instance.id,
            operation_id=record.id,
        )
    cloud.domains.destroy(instance.uuid)
    cloud.news.ring()
    return record


def _may_escalate(record: OperationRecord) -> bool:
    soft = record.arguments.get("stop_type") != StopType.HARD.value
    goes_down = record.began_in == InstanceState.RUNNING.value and (record.force or record.verb in _ESCALATES)
    return goes_down and soft and not record.evidence.get("went_down")


def get(cloud: Cloud, ident: str, *, region: str | None = None) -> Instance:
    """By id, or by a name that only one instance has."""
    with cloud.store.reading() as connection:
        if ident.startswith("ins-"):
            return known(instances.one(connection, model_ids.check("ins", ident)), ident, region)
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
