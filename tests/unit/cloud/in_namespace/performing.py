"""The worker's part, on libvirt's test driver: it has no leases, so whatever needs a network fails there. That makes
it a good place to see how an operation that fails halfway ends. What succeeds is seen in a lab (tests/integration)."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cloud_fixture import CALLER, IMAGE, launched, now, put, request, submit
from vmsim.cloud import firewall, power_cut, tasks
from vmsim.cloud.capacity import HOST_RESERVE_MIB
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers.housekeeping import Housekeeping
from vmsim.cloud.events import read
from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.launch import launch
from vmsim.cloud.operations_log import operation, operations_of
from vmsim.cloud.query import InstanceQuery, query
from vmsim.cloud.removal import left_over
from vmsim.cloud.tasks import Tasks, perform
from vmsim.host import command, qcow2
from vmsim.host.domain import DomainState
from vmsim.model.errors import LibvirtError, VmsimError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.operation import OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import images, instances, operations

S = InstanceState
HARD = {"stop_type": "HARD"}


def machine(cloud: Cloud, state: S, **wanted: object) -> Instance:
    """An instance with a domain, running or not."""
    instance = launched(cloud, state, **wanted)
    cloud.home.instance(instance.id).mkdir(parents=True)
    cloud.domains.define(domain_spec(cloud, instance))
    if state is S.RUNNING:
        cloud.domains.start(instance.uuid)
    return instance


def done(cloud: Cloud, verb: Verb, ident: str, **more: object) -> OperationRecord:
    (record,) = submit(cloud, verb, ident, **more)  # type: ignore[arg-type]
    perform(cloud, record.id)
    return operation(cloud, record.id)


@pytest.mark.parametrize("how", ["SOFT_FIRST", "HARD"])
def test_a_stop(cloud: Cloud, how: str) -> None:
    instance = machine(cloud, S.RUNNING)
    put(cloud, instance.id, rung=Rung.LOGIN)
    record = done(cloud, Verb.STOP, instance.id, arguments={"stop_type": how})
    found = now(cloud, instance.id)
    assert record.state is OperationState.SUCCESS, record.error
    assert (found.state, found.rung) == (S.STOPPED, Rung.OFF)
    assert record.evidence["stop"]["file_system"] == "unknown"
    assert record.evidence["stop"]["managed_save"] is False
    assert found.state_reason == record.evidence["stop"]["ending"] == "unplugged"
    assert cloud.domains.status(instance.uuid).state is DomainState.SHUTOFF


def test_a_soft_stop_of_a_deaf_guest_fails_and_it_runs_on(cloud: Cloud) -> None:
    instance = machine(cloud, S.RUNNING)
    record = done(cloud, Verb.STOP, instance.id)
    found = now(cloud, instance.id)
    assert record.state is OperationState.FAILED
    assert "never acknowledged the power button" in record.error
    assert (found.state, found.latest.state) == (S.RUNNING, OperationState.FAILED)
    assert cloud.domains.status(instance.uuid).state is DomainState.RUNNING


def test_what_is_settled_or_unknown_is_not_done_again(cloud: Cloud) -> None:
    instance = machine(cloud, S.RUNNING)
    record = done(cloud, Verb.STOP, instance.id, arguments=HARD)
    cloud.domains.start(instance.uuid)
    before = len(read(cloud, 0))
    perform(cloud, record.id)
    perform(cloud, "op-unknown0")
    assert cloud.domains.status(instance.uuid).state is DomainState.RUNNING
    assert len(read(cloud, 0)) == before


def test_a_stop_done_twice_ends_the_same(cloud: Cloud) -> None:
    instance = machine(cloud, S.RUNNING)
    (record,) = submit(cloud, Verb.STOP, instance.id, arguments={"stop_type": "HARD"})
    cloud.domains.destroy(instance.uuid)
    perform(cloud, record.id)
    assert operation(cloud, record.id).state is OperationState.SUCCESS
    assert now(cloud, instance.id).state is S.STOPPED


@pytest.mark.parametrize(("verb", "state"), [(Verb.STOP, False), (Verb.TERMINATE, True)])
def test_an_instance_that_is_gone(cloud: Cloud, verb: Verb, state: bool) -> None:
    instance = machine(cloud, S.RUNNING)
    (record,) = submit(cloud, verb, instance.id)
    with cloud.store.writing() as connection:
        instances.remove(connection, instance.id)
    perform(cloud, record.id)
    settled = operation(cloud, record.id)
    assert (settled.state is OperationState.SUCCESS) is state
    assert bool(settled.error) is not state


def test_a_reboot_that_cannot_power_on_is_failed_and_says_so(cloud: Cloud) -> None:
    instance = machine(cloud, S.RUNNING)
    record = done(cloud, Verb.REBOOT, instance.id, arguments={"stop_type": "HARD"})
    found = now(cloud, instance.id)
    assert record.state is OperationState.FAILED and record.error
    assert (found.state, found.state_reason, found.rung) == (S.STOPPED, "RebootInstances failed", Rung.OFF)


def test_a_forced_edit_that_fails_tries_to_start_the_guest_again(cloud: Cloud) -> None:
    instance = machine(cloud, S.RUNNING)
    record = done(cloud, Verb.RESIZE_DISK, instance.id, arguments={"size_gib": 2}, force=True)
    assert record.state is OperationState.FAILED
    assert "could not be started again" in record.error
    assert now(cloud, instance.id).state is S.STOPPED
    states = [event.data.get("state") for event in read(cloud, 0, instance.id) if event.operation_id == record.id]
    assert [state for state in states if state] == ["STOPPING", "STOPPED", "STARTING", "STOPPED"]


def test_an_edit_of_a_stopped_instance_that_fails_leaves_it_stopped(cloud: Cloud) -> None:
    instance = machine(cloud, S.STOPPED)
    record = done(cloud, Verb.RESIZE_DISK, instance.id, arguments={"size_gib": 2})
    assert record.state is OperationState.FAILED and record.error
    assert now(cloud, instance.id).state is S.STOPPED
    assert now(cloud, instance.id).system_disk.size_gib == 1


def test_another_type_is_in_the_record_and_in_the_hardware(cloud: Cloud) -> None:
    instance = machine(cloud, S.STOPPED)
    assert done(cloud, Verb.RESET_TYPE, instance.id, arguments={"type_name": "LAB2.NANO256"}).error == ""
    found = now(cloud, instance.id)
    assert (found.cpu, found.memory_mib, found.state) == (2, 256, S.STOPPED)
    assert "262144" in cloud.domains.xml(instance.uuid)


def test_memory_decides_a_start_with_the_figures(cloud: Cloud) -> None:
    """Decision 9: a start short of memory is accepted, and is a FAILED operation."""
    total = psutil.virtual_memory().total // 2**20
    instance = machine(cloud, S.STOPPED)
    holder = put(cloud, launched(cloud, S.RUNNING).id, memory_mib=total - HOST_RESERVE_MIB - 127)
    record = done(cloud, Verb.START, instance.id)
    assert record.state is OperationState.FAILED
    assert "128 MiB of memory were asked for, 127 MiB are free" in record.error
    assert now(cloud, instance.id).state is S.STOPPED
    put(cloud, holder.id, memory_mib=total - HOST_RESERVE_MIB - 128)
    assert "were asked for" not in done(cloud, Verb.START, instance.id).error


def test_of_two_starts_with_room_for_one_the_first_is_served(cloud: Cloud) -> None:
    total = psutil.virtual_memory().total // 2**20
    first, second = machine(cloud, S.STOPPED), machine(cloud, S.STOPPED)
    put(cloud, launched(cloud, S.RUNNING).id, memory_mib=total - HOST_RESERVE_MIB - 128)
    records = submit(cloud, Verb.START, first.id, second.id)
    perform(cloud, records[1].id)
    perform(cloud, records[0].id)
    assert "128 MiB of memory were asked for, 0 MiB are free" in operation(cloud, records[1].id).error
    assert "were asked for" not in operation(cloud, records[0].id).error


def test_what_is_stopped_may_have_a_type_that_has_no_room_now(cloud: Cloud) -> None:
    total = psutil.virtual_memory().total // 2**20
    stopped, running = launched(cloud), launched(cloud)
    put(cloud, launched(cloud, S.RUNNING).id, memory_mib=total - HOST_RESERVE_MIB)
    put(cloud, running.id, state=S.RUNNING)
    assert submit(cloud, Verb.RESET_TYPE, stopped.id, arguments={"type_name": "LAB1.NANO256"})
    with pytest.raises(VmsimError, match="256 MiB of memory were asked for, 0 MiB are free"):
        submit(cloud, Verb.RESET_TYPE, running.id, arguments={"type_name": "LAB1.NANO256"}, force=True)


def failing_launch(cloud: Cloud) -> OperationRecord:
    """Its image is there, and is no system: the clone is made, and cannot be edited."""
    base = cloud.home.root / "base.qcow2"
    qcow2.create_empty(base, 2**20)
    with cloud.store.writing() as connection:
        images.put(connection, replace(IMAGE, path=str(base)))
    (made,) = launch(cloud, request(bandwidth_out=1), caller=CALLER, request_id="r")
    return operations_of(cloud, made.id, 1)[0]


def test_a_launch_that_fails_leaves_its_record_and_nothing_else(cloud: Cloud) -> None:
    record = failing_launch(cloud)
    perform(cloud, record.id)
    found = now(cloud, record.instance_id)
    assert (found.state, found.latest.state) == (S.LAUNCH_FAILED, OperationState.FAILED)
    assert "could not be made" in found.latest.error
    assert not left_over(cloud, found) and not cloud.home.instance(found.id).exists()
    done(cloud, Verb.TERMINATE, found.id, force=True)
    assert query(cloud, InstanceQuery()).total == 0


def test_a_launch_whose_undoing_fails_too_tells_the_first_error_and_is_cleared_later(cloud: Cloud) -> None:
    """libvirt goes away in the middle of the undoing, and is back later."""
    record = failing_launch(cloud)
    domains, undefine = cloud.domains, []

    def away(step: str) -> None:
        if step == "run.undefine":
            undefine.append(step)
            raise LibvirtError("libvirt is away")

    cloud.reached = away
    perform(cloud, record.id)
    found = now(cloud, record.instance_id)
    assert undefine and cloud.domains is domains
    assert found.state is S.LAUNCH_FAILED and "could not be made" in found.latest.error
    assert operation(cloud, record.id).evidence["left_over"] == "libvirt is away"
    assert left_over(cloud, found)
    Housekeeping(cloud).reconcile()
    assert not left_over(cloud, now(cloud, found.id))


def test_what_a_guest_that_failed_to_launch_said_is_kept(cloud: Cloud) -> None:
    record = failing_launch(cloud)
    log = cloud.home.serial_log(record.instance_id)
    log.parent.mkdir(parents=True)
    log.write_text("Kernel panic\n")
    perform(cloud, record.id)
    assert [path.name for path in log.parent.iterdir()] == ["serial.log"]
    cloud.clock.advance(cloud.settings.launch_failed_kept + 1)  # type: ignore[attr-defined]
    Housekeeping(cloud).reconcile()
    assert not log.parent.exists()
    assert query(cloud, InstanceQuery()).total == 0


def test_a_launch_killed_while_it_is_undone_does_not_succeed_after_all(cloud: Cloud) -> None:
    record = failing_launch(cloud)
    with cloud.store.writing() as connection:
        operations.change(connection, record.id, evidence={"failure": "It could not be made."})
    perform(cloud, record.id)
    assert operation(cloud, record.id).error == "It could not be made."
    assert not Path(now(cloud, record.instance_id).system_disk.path).exists()


@pytest.mark.parametrize("at", ["undefine", "network", "files"])
def test_a_terminate_that_fails_can_be_asked_again(cloud: Cloud, at: str) -> None:
    instance = machine(cloud, S.RUNNING)

    def broken(step: str) -> None:
        if step == f"terminate.{at}":
            raise LibvirtError("no")

    cloud.reached = broken
    assert done(cloud, Verb.TERMINATE, instance.id).state is OperationState.FAILED
    assert now(cloud, instance.id).state is S.STOPPED
    cloud.reached = lambda step: None
    assert done(cloud, Verb.TERMINATE, instance.id).error == ""
    assert cloud.domains.status(instance.uuid).state is DomainState.ABSENT
    assert not cloud.home.instance(instance.id).exists()
    assert query(cloud, InstanceQuery()).total == 0


@pytest.mark.parametrize(
    ("verb", "state", "expected"),
    [
        (Verb.START, S.STOPPED, S.STOPPED),
        (Verb.REBOOT, S.RUNNING, S.STOPPED),
        (Verb.STOP, S.RUNNING, S.STOPPED),
        (Verb.RESET_TYPE, S.STOPPED, S.STOPPED),
    ],
)
def test_after_a_power_cut(cloud: Cloud, verb: Verb, state: S, expected: S) -> None:
    instance = machine(cloud, state)
    given = {"type_name": "LAB1.NANO256"} if verb is Verb.RESET_TYPE else {}
    (record,) = submit(cloud, verb, instance.id, arguments=given)
    cloud.domains.destroy(instance.uuid)
    cloud.lab_boot = "another"
    perform(cloud, record.id)
    settled = operation(cloud, record.id)
    assert now(cloud, instance.id).state is expected
    finished = verb in (Verb.STOP, Verb.RESET_TYPE)
    assert (settled.state is OperationState.SUCCESS) is finished
    assert finished or "lost its power" in settled.error


def test_a_launch_is_undone_after_a_power_cut(cloud: Cloud) -> None:
    record = failing_launch(cloud)
    cloud.lab_boot = "another"
    perform(cloud, record.id)
    assert now(cloud, record.instance_id).state is S.LAUNCH_FAILED


def until_ended(cloud: Cloud, ident: str) -> OperationRecord:
    deadline = time.monotonic() + 20
    while (record := operation(cloud, ident)).ended is None:
        assert time.monotonic() < deadline, record
        cloud.news.wait(cloud.news.count, 0.05)
    return record


def test_workers_take_up_what_an_earlier_daemon_left(cloud: Cloud) -> None:
    left = [submit(cloud, Verb.STOP, machine(cloud, S.RUNNING).id, arguments=HARD)[0].id for _ in range(3)]
    workers = Tasks(cloud)
    workers.start()
    assert workers.resume() == 3
    assert {until_ended(cloud, ident).state for ident in left} == {OperationState.SUCCESS}
    workers.stop()


def test_what_could_not_be_settled_is_tried_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database could not be written for a while: a trigger stands for a full disk."""
    monkeypatch.setattr(tasks, "TRY_AGAIN", 0.05)
    (record,) = submit(cloud, Verb.STOP, machine(cloud, S.RUNNING).id, arguments=HARD)
    with closing(sqlite3.connect(cloud.store.path)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON operations BEGIN SELECT RAISE(ABORT, 'database is full'); END"
        )
    workers = Tasks(cloud)
    workers.start()
    workers.enqueue(record.id)
    assert operation(cloud, record.id).ended is None
    with closing(sqlite3.connect(cloud.store.path, timeout=10)) as connection:
        connection.execute("DROP TRIGGER full")
    assert until_ended(cloud, record.id).ended
    workers.stop()


def test_housekeeping_keeps_failed_launches_for_their_time(cloud: Cloud) -> None:
    failed, fine = launched(cloud, S.LAUNCH_FAILED), launched(cloud)
    keeper = Housekeeping(cloud)
    keeper.reconcile()
    assert now(cloud, failed.id).state is S.LAUNCH_FAILED
    cloud.clock.advance(cloud.settings.launch_failed_kept + 1)  # type: ignore[attr-defined]
    keeper.reconcile()
    assert [one.id for one in query(cloud, InstanceQuery()).items] == [fine.id]


def test_housekeeping_bounds_logs_while_they_are_written(cloud: Cloud) -> None:
    cloud.settings = replace(cloud.settings, events_kept=1, serial_log_bytes=1000)
    log = cloud.home.serial_log(machine(cloud, S.RUNNING).id)
    with log.open("ab", buffering=0) as guest:
        guest.write(b"line of a guest\n" * 100)
        Housekeeping(cloud).reconcile()
        guest.write(b"and on\n")
    assert log.stat().st_size < 600 and log.read_text().endswith("line of a guest\nand on\n")
    assert len(read(cloud, 0)) == 1


def test_many_apply_public_addresses_at_once(cloud: Cloud) -> None:
    """Each computes the difference to what is there: two of them at once would add the same address twice."""
    for _ in range(3):
        launched(cloud, S.STOPPED, bandwidth_out=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: firewall.apply(cloud), range(8)))
    said = command.run(["ip", "-brief", "address", "show", "dev", "lo"]).stdout
    assert said.count("203.0.113.") == 3


def test_a_new_lab_stops_what_ran_and_starts_what_is_marked(cloud: Cloud) -> None:
    lost, marked = machine(cloud, S.RUNNING), machine(cloud, S.RUNNING, boot_with_lab=True)
    for instance in (lost, marked):
        cloud.domains.destroy(instance.uuid)
    power_cut.notice(cloud)
    assert now(cloud, lost.id).state is S.STOPPED
    assert "lost its power" in now(cloud, lost.id).state_reason
    assert now(cloud, marked.id).state is S.STARTING
    assert operations_of(cloud, marked.id, 1)[0].caller.how == "lab"
    since = len(read(cloud, 0))
    power_cut.notice(cloud)
    assert len(read(cloud, 0)) == since
