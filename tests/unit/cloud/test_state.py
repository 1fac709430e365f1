from __future__ import annotations

import random
import threading

import pytest

from cloud_fixture import launched, now, put, settled, submit
from vmsim.cloud import key_pairs, state
from vmsim.cloud.context import Cloud
from vmsim.cloud.events import read
from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.operations_log import operation, operations_of
from vmsim.cloud.snapshots import reserve
from vmsim.cloud.state import Outcome
from vmsim.model import ids
from vmsim.model.charges import PREPAID
from vmsim.model.disk import SnapshotState
from vmsim.model.errors import VmsimError
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import OBSERVATIONS, OPERATIONS, InstanceState, Observation, OperationState, Verb, allowed
from vmsim.model.operation import OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import snapshots

S = InstanceState
FAILED = Outcome(False, "it did not work")


def arguments(cloud: Cloud, verb: Verb, instance: Instance) -> dict[str, object]:
    keys = key_pairs.query(cloud, "ap-guangzhou").items
    key = keys[0].id if keys else key_pairs.create(cloud, "ap-guangzhou", "k", kind="ed25519")[0].id
    known: dict[Verb, dict[str, object]] = {
        Verb.RESET_TYPE: {"type_name": "LAB1.NANO256"},
        Verb.RESIZE_DISK: {"size_gib": 100},
        Verb.RESIZE_ONLINE: {"size_gib": 100},
        Verb.MODIFY: {"host_name": "web"},
        Verb.RESET_PASSWORD: {"password": "Sunny-Day-42"},
        Verb.ASSOCIATE_KEYS: {"key_ids": [key]},
        Verb.DISASSOCIATE_KEYS: {"key_ids": [key]},
        Verb.CREATE_IMAGE: {"name": ids.new("name")},
    }
    return {**known.get(verb, {}), **(back_on(cloud, instance) if verb is Verb.APPLY_SNAPSHOT else {})}


def back_on(cloud: Cloud, instance: Instance) -> dict[str, object]:
    """A snapshot of its own that its disk can be put back to."""
    disk = instance.system_disk
    with cloud.store.writing() as connection:
        made = reserve(cloud, connection, disk, instance, name="before")
        snapshots.change(connection, made.id, state=SnapshotState.NORMAL)
    return {"snapshot_id": made.id, "disk_id": disk.id}


def accepted(cloud: Cloud, verb: Verb, began_in: S, *, runs: bool = False) -> OperationRecord:
    prepaid = {"charge_type": PREPAID, "prepaid_months": 1} if verb is Verb.ISOLATE else {}
    instance = launched(cloud, began_in, **prepaid)
    cloud.domains.define(domain_spec(cloud, instance))
    if runs:
        cloud.domains.start(instance.uuid)
    force = began_in not in OPERATIONS[verb].allowed
    (record,) = submit(cloud, verb, instance.id, arguments=arguments(cloud, verb, instance), force=force)
    return record


PAIRS = [
    (verb, began_in)
    for verb, row in OPERATIONS.items()
    for began_in in sorted(row.allowed | row.allowed_with_force, key=lambda one: one.value)
]


def test_success_ends_where_the_table_says(cloud: Cloud) -> None:
    for verb, began_in in PAIRS:
        succeeds(cloud, verb, began_in)


def succeeds(cloud: Cloud, verb: Verb, began_in: S) -> None:
    record = accepted(cloud, verb, began_in)
    row = OPERATIONS[verb]
    assert now(cloud, record.instance_id).state is (row.meanwhile or began_in)
    state.settle(cloud, record, Outcome(True))
    assert operation(cloud, record.id).state is OperationState.SUCCESS
    if verb is Verb.TERMINATE:
        with pytest.raises(VmsimError):
            now(cloud, record.instance_id)
        return
    found = now(cloud, record.instance_id)
    assert found.state is (row.success or began_in)
    assert found.latest == LatestOperation(verb, OperationState.SUCCESS, "asked")


@pytest.mark.parametrize("runs", [False, True])
def test_failure_ends_where_the_machine_is(cloud: Cloud, runs: bool) -> None:
    for verb, began_in in PAIRS:
        fails(cloud, verb, began_in, runs=runs)


def fails(cloud: Cloud, verb: Verb, began_in: S, *, runs: bool) -> None:
    record = accepted(cloud, verb, began_in, runs=runs)
    state.settle(cloud, record, FAILED)
    found = now(cloud, record.instance_id)
    machine = S.RUNNING if runs else S.STOPPED
    expected = began_in if began_in in (S.LAUNCH_FAILED, S.SHUTDOWN) else machine
    assert found.state is expected
    assert found.latest == LatestOperation(verb, OperationState.FAILED, "asked", "it did not work")
    assert operation(cloud, record.id).error == "it did not work"
    if expected is not began_in:
        assert "failed" in found.state_reason


def test_failure_while_libvirt_is_away_ends_where_the_table_says(cloud: Cloud) -> None:
    records = [(accepted(cloud, verb, began_in), verb, began_in) for verb, began_in in PAIRS]
    cloud.domains._connection.close()
    for record, verb, began_in in records:
        fails_in_the_dark(cloud, record, verb, began_in)


def fails_in_the_dark(cloud: Cloud, record: OperationRecord, verb: Verb, began_in: S) -> None:
    state.settle(cloud, record, FAILED)
    found = now(cloud, record.instance_id)
    assert not found.state.transitional and not found.operating
    if began_in not in (S.LAUNCH_FAILED, S.SHUTDOWN):
        assert found.state is (OPERATIONS[verb].failure or began_in)


def test_a_failed_launch_is_that_whatever_the_machine_says(cloud: Cloud) -> None:
    instance = launched(cloud)
    (record,) = operations_of(cloud, instance.id, 1)
    put(cloud, instance.id, state=S.PENDING)
    state.settle(cloud, record, FAILED)
    assert now(cloud, instance.id).state is S.LAUNCH_FAILED


def test_what_is_observed(cloud: Cloud) -> None:
    instance = launched(cloud)
    for before in S:
        for observation in Observation:
            observes(cloud, put(cloud, instance.id, state=before), before, observation)


def observes(cloud: Cloud, instance: Instance, before: S, observation: Observation) -> None:
    expected = OBSERVATIONS.get((before, observation), before)
    assert state.observe(cloud, instance.uuid, observation, reason="seen") is (expected is not before)
    found = now(cloud, instance.id)
    assert found.state is expected
    if expected is not before:
        assert found.state_reason == "seen"
        assert found.rung is (Rung.STARTED if expected is S.RUNNING else Rung.OFF)


def test_nothing_is_observed_of_what_an_operation_carries(cloud: Cloud) -> None:
    instance = launched(cloud, S.RUNNING)
    submit(cloud, Verb.RESET_TYPE, instance.id, arguments={"type_name": "LAB1.NANO256"}, force=True)
    assert not state.observe(cloud, instance.uuid, Observation.OFF, reason="")
    assert now(cloud, instance.id).state is S.RUNNING
    assert not state.observe(cloud, "no such uuid", Observation.OFF, reason="")


def test_what_was_started_behind_our_back_is_charged_again(cloud: Cloud) -> None:
    """Else nothing but terminate would be possible: it runs, and it counts as stopped without charging."""
    instance = put(cloud, launched(cloud).id, stop_charging=True)
    state.observe(cloud, instance.uuid, Observation.RUNNING, reason="")
    assert submit(cloud, Verb.STOP, instance.id)


def test_a_forced_edit_passes_visibly_through_a_stop(cloud: Cloud) -> None:
    record = accepted(cloud, Verb.RESET_TYPE, S.RUNNING)
    put(cloud, record.instance_id, rung=Rung.LOGIN, paused="ioerror")
    for shown in (S.STOPPING, S.STOPPED, S.STARTING):
        state.show(cloud, record, shown)
        found = now(cloud, record.instance_id)
        assert found.state is shown and found.operating
    assert found.rung is Rung.OFF and found.paused == ""


def test_evidence_is_added_to(cloud: Cloud) -> None:
    record = accepted(cloud, Verb.STOP, S.RUNNING)
    state.evidence(cloud, record, {"a": 1})
    state.evidence(cloud, record, {"b": 2})
    assert operation(cloud, record.id).evidence == {"a": 1, "b": 2}


def test_every_change_of_state_is_in_the_log_with_its_operation(cloud: Cloud) -> None:
    record = accepted(cloud, Verb.STOP, S.RUNNING)
    since = read(cloud, 0)[-1].sequence
    state.settle(cloud, record, Outcome(True, reason="shut itself down"))
    (event,) = read(cloud, since)
    assert (event.kind, event.text, event.operation_id) == ("state", "STOPPED: shut itself down", record.id)


def test_the_bell_rings_after_each_change(cloud: Cloud) -> None:
    heard = threading.Event()
    before = cloud.news.count

    def listen() -> None:
        cloud.news.wait(before, 5)
        heard.set()

    thread = threading.Thread(target=listen)
    thread.start()
    settled(cloud, accepted(cloud, Verb.STOP, S.RUNNING).instance_id)
    thread.join(timeout=5)
    assert heard.is_set()


@pytest.mark.parametrize("seed", range(6))
def test_no_walk_ends_where_there_is_no_way_out(cloud: Cloud, seed: int) -> None:
    """Ask, settle, fail and observe at random: it is never transitional without an operation, and what is steady can
    always be terminated, and come to run again."""
    chance = random.Random(seed)
    instance = launched(cloud)
    for _ in range(25):
        found = now(cloud, instance.id)
        assert found.state.transitional <= found.operating
        if found.operating:
            (record,) = operations_of(cloud, instance.id, 1)
            state.settle(cloud, record, Outcome(record.verb is not Verb.TERMINATE and chance.random() < 0.7, "maybe"))
            continue
        assert allowed(Verb.TERMINATE, found.state)
        assert found.state is S.RUNNING or allowed(Verb.START, found.state)
        assert not (found.state is S.RUNNING and found.stop_charging)
        if chance.random() < 0.3:
            state.observe(cloud, instance.uuid, chance.choice(list(Observation)), reason="")
            continue
        verb = chance.choice([verb for verb in Verb if verb is not Verb.RUN])
        try:
            submit(cloud, verb, instance.id, arguments=arguments(cloud, verb, instance), force=chance.random() < 0.5)
        except VmsimError:
            assert now(cloud, instance.id) == found
