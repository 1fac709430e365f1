"""The one writer of InstanceState.

Everything that changes what a user sees of an instance's life goes through here: `begin` (a request was accepted),
`show` (a forced edit passes through a stop), `settle` (the work has ended) and `observe` (a fact was noticed on the
machine). Each is one transaction that also writes the audit line; `news` rings after it.

What an operation ends in is the table's word when it succeeded. When it failed, the machine's word is truer than any
plan: the instance is RUNNING if its domain runs, else STOPPED.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.host.domain import DomainState
from vmsim.model import ids
from vmsim.model.errors import HostError, NotFound
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import ACTIONS, OPERATIONS, InstanceState, Observation, OperationState, Verb, observed
from vmsim.model.operation import Caller, OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import addresses, disks, instances, operations

OFF_STATES = frozenset({InstanceState.STOPPED, InstanceState.LAUNCH_FAILED, InstanceState.SHUTDOWN})


@dataclass(frozen=True)
class Outcome:
    """How an operation ended. `changes` are fields of the instance that become true with it."""

    success: bool
    error: str = ""
    reason: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    disks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fields of disks, by id, that become true with it too."""
    state: InstanceState | None = None
    """Where the work knows better than the table."""


def begin(
    cloud: Cloud,
    connection: Connection,
    verb: Verb,
    instance: Instance,
    arguments: dict[str, Any],
    *,
    caller: Caller,
    request_id: str,
    force: bool = False,
) -> OperationRecord:
    """Record an accepted request inside the caller's transaction; the instance must have been checked in it."""
    row = OPERATIONS[verb]
    record = OperationRecord(
        id=ids.new("op"),
        instance_id=instance.id,
        verb=verb,
        arguments=arguments,
        caller=caller,
        request_id=request_id,
        state=OperationState.OPERATING,
        step="accepted",
        phase="waiting for a worker",
        began=cloud.clock.now(),
        ended=None,
        error="",
        lab_boot=cloud.lab_boot,
        force=force,
        began_in=instance.state.value,
    )
    operations.add(connection, record)
    changes: dict[str, Any] = {"latest": LatestOperation(verb, OperationState.OPERATING, request_id)}
    if row.meanwhile is not None:
        changes["state"] = row.meanwhile
    instances.change(connection, instance.id, **changes)
    events.record(
        cloud,
        connection,
        "request",
        f"{ACTIONS[verb]} accepted ({caller.words})",
        instance_id=instance.id,
        operation_id=record.id,
        data={"arguments": _public(arguments), "force": force, "request_id": request_id},
    )
    return record


def show(cloud: Cloud, record: OperationRecord, state: InstanceState) -> None:
    """A state on the way of a forced edit: STOPPING, STOPPED, STARTING."""
    with cloud.store.writing() as connection:
        fields: dict[str, Any] = {"state": state}
        if state is InstanceState.STOPPED:
            fields |= {"rung": Rung.OFF, "paused": ""}
        instances.change(connection, record.instance_id, **fields)
        _say_state(cloud, connection, record.instance_id, state, "", record.id)
    cloud.news.ring()


def settle(cloud: Cloud, record: OperationRecord, outcome: Outcome) -> None:
    """The work has ended: operation, instance and log say so together."""
    true_state = None if outcome.success else _true_state(cloud, record)
    with cloud.store.writing() as connection:
        instance = instances.one(connection, record.instance_id)
        operations.change(
            connection,
            record.id,
            state=OperationState.SUCCESS if outcome.success else OperationState.FAILED,
            ended=cloud.clock.now(),
            error=outcome.error,
            phase="done" if outcome.success else "failed",
        )
        if instance is not None:
            _settle_instance(cloud, connection, instance, record, outcome, true_state)
    cloud.news.ring()


def _settle_instance(
    cloud: Cloud,
    connection: Connection,
    instance: Instance,
    record: OperationRecord,
    outcome: Outcome,
    true_state: InstanceState | None,
) -> None:
    row = OPERATIONS[record.verb]
    if outcome.success and record.verb is Verb.TERMINATE:
        instances.remove(connection, instance.id)
        events.record(cloud, connection, "state", "terminated", instance_id=instance.id, operation_id=record.id)
        return
    state = outcome.state or true_state or row.success or InstanceState(record.began_in)
    latest = LatestOperation(
        record.verb,
        OperationState.SUCCESS if outcome.success else OperationState.FAILED,
        record.request_id,
        outcome.error,
    )
    fields: dict[str, Any] = {**outcome.changes, "latest": latest, "state": state}
    reason = outcome.reason
    if not (outcome.success or reason) and state is not InstanceState(record.began_in):
        reason = f"{ACTIONS[record.verb]} failed"
    if reason:
        fields["state_reason"] = reason
    if state in OFF_STATES:
        fields |= {"rung": Rung.OFF, "paused": ""}
        if fields.get("stop_charging", instance.stop_charging) and not addresses.of_instance(connection, instance.id):
            fields["public_ip"] = None  # a start that failed had it already
    instances.change(connection, instance.id, **fields)
    for disk_id, changed in outcome.disks.items():
        disks.change(connection, disk_id, **changed)
    if outcome.error:
        events.record(cloud, connection, "failed", outcome.error, instance_id=instance.id, operation_id=record.id)
    _say_state(cloud, connection, instance.id, state, reason, record.id)


def _true_state(cloud: Cloud, record: OperationRecord) -> InstanceState:
    """What a failed operation leaves: the machine's word, except that a failed launch left nothing."""
    row = OPERATIONS[record.verb]
    if row.failure is InstanceState.LAUNCH_FAILED:
        return InstanceState.LAUNCH_FAILED
    if record.began_in in (InstanceState.LAUNCH_FAILED.value, InstanceState.SHUTDOWN.value):
        return InstanceState(record.began_in)
    with cloud.store.reading() as connection:
        instance = instances.one(connection, record.instance_id)
    if instance is None:
        return row.failure or InstanceState.STOPPED
    try:
        active = cloud.domains.status(instance.uuid).state in (DomainState.RUNNING, DomainState.PAUSED)
    except HostError:
        # libvirt is away: keep what the table plans; the watcher corrects it when libvirt is back.
        return row.failure or InstanceState(record.began_in)
    return InstanceState.RUNNING if active else InstanceState.STOPPED


def observe(cloud: Cloud, uuid: str, observation: Observation, *, reason: str, rung: Rung | None = None) -> bool:
    """A fact about a domain. Changes the state only where no operation is under way; True when it did."""
    with cloud.store.writing() as connection:
        instance = instances.by_uuid(connection, uuid)
        if instance is None or instance.operating:
            return False
        state = observed(instance.state, observation)
        if state is instance.state:
            return False
        fields: dict[str, Any] = {"state": state, "state_reason": reason, "paused": ""}
        fields["rung"] = Rung.OFF if state in OFF_STATES else (rung or Rung.STARTED)
        if state is InstanceState.RUNNING:
            fields["stop_charging"] = False
        instances.change(connection, instance.id, **fields)
        _say_state(cloud, connection, instance.id, state, reason, "")
    cloud.news.ring()
    return True


def note(cloud: Cloud, instance_id: str, **fields: Any) -> None:
    """What is noticed beside the state: `rung`, `paused`, `state_reason`."""
    with cloud.store.writing() as connection:
        instances.change(connection, instance_id, **fields)
    cloud.news.ring()


def step(cloud: Cloud, record: OperationRecord, name: str, phase: str) -> None:
    """The work is about to do this step."""
    cloud.reached(f"{record.verb.value}.{name}")
    with cloud.store.writing() as connection:
        operations.change(connection, record.id, step=name, **({"phase": phase} if phase else {}))
    cloud.news.ring()


def evidence(cloud: Cloud, record: OperationRecord, found: dict[str, Any]) -> None:
    """Keep what was found with the operation, whatever becomes of it."""
    with cloud.store.writing() as connection:
        current = operations.one(connection, record.id)
        if current is None:
            raise NotFound("operation", record.id)
        operations.change(connection, record.id, evidence={**current.evidence, **found})
    cloud.news.ring()


def _say_state(
    cloud: Cloud, connection: Connection, instance_id: str, state: InstanceState, reason: str, operation_id: str
) -> None:
    events.record(
        cloud,
        connection,
        "state",
        f"{state.value}{': ' + reason if reason else ''}",
        instance_id=instance_id,
        operation_id=operation_id,
        data={"state": state.value},
    )


def _public(arguments: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody needs to read in a log."""
    return {name: value for name, value in arguments.items() if "password" not in name}
