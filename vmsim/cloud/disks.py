"""Asking something of disks: found? allowed? free? → recorded. All or nothing; jobs do the work.

What a disk allows is `DISK_OPERATIONS`; what its instance must be for it: RUNNING or STOPPED, with nothing under way.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from vmsim.cloud import capacity, events
from vmsim.cloud.context import Cloud
from vmsim.cloud.disk_query import get
from vmsim.cloud.jobs.job import begin
from vmsim.cloud.new_disks import check_name, check_size
from vmsim.model import ids
from vmsim.model.disk import (
    DISK_ACTIONS,
    DISK_OPERATIONS,
    MOST_DATA_DISKS,
    Disk,
    DiskState,
    DiskVerb,
    SnapshotState,
)
from vmsim.model.errors import Busy, Missing, NotFound, OutOfResources, Refused, UsageError, VmsimError, WrongState
from vmsim.model.instance import Instance
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import InstanceState, OperationState
from vmsim.model.operation import Caller
from vmsim.store import disks, instances, jobs, snapshots
from vmsim.store.schema import snapshots as snapshot_table

__all__ = ["attach", "detach", "get", "let_go", "modify", "resize", "terminate"]

MOST_AT_ONCE = 10
MOST_IDS = 100
WRITTEN_BY_GROWING = 2**20
_POSSIBLE = frozenset({InstanceState.RUNNING, InstanceState.STOPPED})
_BUSY_CODE = {DiskVerb.RESIZE: "InvalidDisk.Busy"}
# The published code of a state that does not pass by itself.
_STATE_CODES = {
    (DiskVerb.ATTACH, DiskState.ATTACHED): "ResourceUnavailable.Attached",
    (DiskVerb.RESIZE, DiskState.TORECYCLE): "ResourceUnavailable.Expire",
}


def attach(
    cloud: Cloud,
    instance_id: str,
    disk_ids: Sequence[str],
    *,
    delete_with_instance: bool | None = None,
    region: str | None,
    caller: Caller,
    request_id: str,
) -> tuple[JobRecord, ...]:
    """To the lowest free positions, in order. `delete_with_instance` None leaves that as it is."""
    wanted = _wanted(disk_ids, MOST_AT_ONCE)
    with cloud.store.writing() as connection:
        instance = _instance(connection, instance_id, region)
        chosen = _known(connection, wanted, region)
        for disk in chosen:
            if disk.system:
                raise Refused(f"{disk.id} is a system disk.", code="ResourceUnavailable.TypeError")
            _check_state(connection, DiskVerb.ATTACH, disk)
            _check_portable(disk, "ResourceUnavailable.NotPortable")
            if delete_with_instance:
                _check_modifiable(disk, None, delete_with_instance, None)
            if disk.zone != instance.zone:
                raise Refused(
                    f"Disk {disk.id} is in {disk.zone}, instance {instance.id} in {instance.zone}.",
                    code="ResourceUnavailable.ZoneNotMatch",
                )
        _check_instance("AttachDisks", instance, "ResourceBusy", "InvalidInstance.NotSupported")
        records = []
        for disk, position in zip(chosen, _free_positions(instance, len(chosen)), strict=True):
            kept = disk.delete_with_instance if delete_with_instance is None else delete_with_instance
            disks.change(
                connection,
                disk.id,
                state=DiskState.ATTACHING,
                instance_id=instance.id,
                position=position,
                delete_with_instance=kept,
                error_prompt="",
            )
            records.append(
                begin(
                    cloud,
                    connection,
                    JobKind.ATTACH_DISK,
                    disk.id,
                    {},
                    instance_id=instance.id,
                    caller=caller,
                    request_id=request_id,
                )
            )
    return _handed_over(cloud, records)


def detach(
    cloud: Cloud,
    disk_ids: Sequence[str],
    *,
    instance_id: str = "",
    region: str | None,
    caller: Caller,
    request_id: str,
) -> tuple[JobRecord, ...]:
    """`instance_id`, where given, must be the one that they are on."""
    wanted = _wanted(disk_ids, MOST_AT_ONCE)
    with cloud.store.writing() as connection:
        if instance_id:
            _instance(connection, instance_id, region)
        chosen = _known(connection, wanted, region)
        for disk in chosen:
            if disk.system:
                raise Refused(f"{disk.id} is a system disk.", code="ResourceUnavailable.TypeError")
            _check_portable(disk, "ResourceUnavailable.NotPortable")
            _check_state(connection, DiskVerb.DETACH, disk)
            if instance_id not in ("", disk.instance_id):
                raise UsageError(
                    f"Disk {disk.id} is on {disk.instance_id}, not on {instance_id}.", code="InvalidParameterValue"
                )
            instance = _instance(connection, disk.instance_id, None)
            _check_instance("DetachDisks", instance, "ResourceBusy", "InvalidInstance.NotSupported")
        records = [_detaching(cloud, connection, disk, caller, request_id) for disk in chosen]
    return _handed_over(cloud, records)


def let_go(cloud: Cloud, instance: Instance) -> None:
    """A guest let a disk go: one that it had not within the limit is detached now after all."""
    late = [disk for disk in instance.disks if disk.state is DiskState.ATTACHED and disk.error_prompt and disk.portable]
    if not late:
        return
    plugged = {str(one.path) for one in cloud.domains.plugged(instance.uuid)}
    with cloud.store.writing() as connection:
        now = disks.by_ids(connection, [disk.id for disk in late if disk.path not in plugged])
        records = [
            _detaching(cloud, connection, disk, Caller("guest", "let it go after the limit"), "")
            for disk in now.values()
            if disk.state is DiskState.ATTACHED and disk.instance_id == instance.id
        ]
    _handed_over(cloud, records)


def resize(
    cloud: Cloud, disk_id: str, size_gib: int, *, region: str | None, caller: Caller, request_id: str
) -> JobRecord:
    """Grow a data disk; one on a running guest grows under it. Those of a launch too: Terraform grows them so."""
    with cloud.store.writing() as connection:
        (disk,) = _known(connection, _wanted([disk_id], 1), region)
        _check_state(connection, DiskVerb.RESIZE, disk)
        if disk.system:
            raise Refused(
                f"Disk {disk.id} is a system disk: ResizeInstanceDisks is for it.",
                code="InvalidDisk.NotSupported",
            )
        if size_gib <= disk.size_gib:
            raise UsageError(
                f"Disk {disk.id} has {disk.size_gib} GiB; {size_gib} GiB were asked for, and a disk only grows.",
                code="InvalidParameterValue",
            )
        check_size(size_gib)
        capacity.check_disk(cloud, WRITTEN_BY_GROWING)
        if disk.instance_id:
            instance = _instance(connection, disk.instance_id, None)
            _check_instance("ResizeDisk", instance, "InvalidDisk.Busy", "InvalidDisk.NotSupported")
        disks.change(connection, disk.id, state=DiskState.EXPANDING, error_prompt="")
        record = begin(
            cloud,
            connection,
            JobKind.RESIZE_DISK,
            disk.id,
            {"size_gib": size_gib},
            instance_id=disk.instance_id,
            caller=caller,
            request_id=request_id,
        )
    return _handed_over(cloud, [record])[0]


def terminate(
    cloud: Cloud,
    disk_ids: Sequence[str],
    *,
    delete_snapshots: bool = False,
    region: str | None,
    caller: Caller,
    request_id: str,
) -> tuple[JobRecord, ...]:
    """Postpaid ones are gone; prepaid ones go to the recycle bin first, and from there at the second word."""
    wanted = _wanted(disk_ids, MOST_IDS)
    records = []
    with cloud.store.writing() as connection:
        chosen = _known(connection, wanted, region)
        for disk in chosen:
            _check_state(connection, DiskVerb.TERMINATE, disk)
        for disk in chosen:
            if disk.charge_type == "PREPAID" and disk.state is DiskState.UNATTACHED:
                disks.change(connection, disk.id, state=DiskState.TORECYCLE)
                events.record(cloud, connection, "request", f"disk {disk.id} is in the recycle bin")
                continue
            paths = [disk.path]
            if delete_snapshots or disk.delete_snapshot:
                paths += _snapshots_removed(connection, disk)
            disks.remove(connection, disk.id)
            records.append(
                begin(
                    cloud,
                    connection,
                    JobKind.DELETE_DISK,
                    disk.id,
                    {"paths": paths},
                    caller=caller,
                    request_id=request_id,
                )
            )
    return _handed_over(cloud, records)


def modify(
    cloud: Cloud,
    disk_ids: Sequence[str],
    *,
    name: str | None = None,
    project_id: int | None = None,
    delete_with_instance: bool | None = None,
    portable: bool | None = None,
    region: str | None,
) -> None:
    """Each of them that is given, of all disks or of none."""
    given = {
        "name": name,
        "project_id": project_id,
        "delete_with_instance": delete_with_instance,
        "portable": portable,
    }
    fields = {key: value for key, value in given.items() if value is not None}
    if not fields:
        raise Missing("Nothing is to be changed.", code="MissingParameter")
    if name is not None:
        check_name(name)
    with cloud.store.writing() as connection:
        for disk in _known(connection, _wanted(disk_ids, MOST_IDS), region):
            _check_modifiable(disk, project_id, delete_with_instance, portable)
            disks.change(connection, disk.id, **fields)
            events.record(
                cloud,
                connection,
                "request",
                f"disk {disk.id}: " + ", ".join(f"{key} is {value}" for key, value in fields.items()),
                instance_id=disk.instance_id,
            )
    cloud.news.ring()


def _check_modifiable(
    disk: Disk, project_id: int | None, delete_with_instance: bool | None, portable: bool | None
) -> None:
    if portable is False and disk.portable:
        raise UsageError(f"Disk {disk.id} is elastic, and stays so.", code="InvalidParameterValue")
    refusals: tuple[tuple[bool, str], ...] = (
        (portable is True and disk.system, "a system disk cannot be detached"),
        (delete_with_instance is False and disk.system, "a system disk goes with its instance"),
        (
            delete_with_instance is True and disk.charge_type == "PREPAID",
            "a prepaid disk outlives its instance",
        ),
        (project_id is not None and not (disk.portable or portable), "its project is its instance's"),
    )
    for refused, why in refusals:
        if refused:
            raise Refused(f"Disk {disk.id}: {why}.", code="InvalidDisk.NotSupported")


def _detaching(cloud: Cloud, connection: Connection, disk: Disk, caller: Caller, request_id: str) -> JobRecord:
    disks.change(connection, disk.id, state=DiskState.DETACHING, error_prompt="")
    return begin(
        cloud,
        connection,
        JobKind.DETACH_DISK,
        disk.id,
        {},
        instance_id=disk.instance_id,
        caller=caller,
        request_id=request_id,
    )


def _snapshots_removed(connection: Connection, disk: Disk) -> list[str]:
    """Those of it that expire and that no image needs; the paths of their files."""
    found = snapshots.where(connection, snapshot_table.c.disk_id == disk.id)
    gone = [one for one in found if one.deadline and not one.image_ids and one.state is SnapshotState.NORMAL]
    for snapshot in gone:
        snapshots.remove(connection, snapshot.id)
    return [snapshot.path for snapshot in gone]


def _handed_over(cloud: Cloud, records: Sequence[JobRecord]) -> tuple[JobRecord, ...]:
    """After the commit; all are of one kind."""
    if records:
        cloud.hand_over(records[0].kind.value, [record.id for record in records])
    return tuple(records)


def _wanted(given: Sequence[str], most: int) -> list[str]:
    if not given:
        raise Missing("No disk was named.", code="MissingParameter")
    if len(given) > most:
        raise UsageError(
            f"{len(given)} disks were named; at most {most} are possible.", code="InvalidParameterValue.LimitExceeded"
        )
    return list(dict.fromkeys(ids.check("disk", one) for one in given))


def _known(connection: Connection, wanted: Sequence[str], region: str | None) -> list[Disk]:
    found = disks.by_ids(connection, wanted)
    for ident in wanted:
        disk = found.get(ident)
        if disk is None or region not in (None, disk.region):
            raise _absent(connection, ident)
    return [found[ident] for ident in wanted]


def _absent(connection: Connection, ident: str) -> VmsimError:
    for job in jobs.latest_of(connection, ident, 1):
        if job.kind is JobKind.CREATE_DISK and job.state is OperationState.OPERATING:
            return Busy(f"Disk {ident} is being created.", hint="Wait for it.", code="ResourceBusy")
    return NotFound("disk", ident, code="InvalidDiskId.NotFound")


def _instance(connection: Connection, ident: str, region: str | None) -> Instance:
    found = instances.one(connection, ids.check("ins", ident))
    if found is None or region not in (None, found.region):
        raise NotFound("instance", ident, code="InvalidInstanceId.NotFound")
    return found


def _check_state(connection: Connection, verb: DiskVerb, disk: Disk) -> None:
    words = f"{DISK_ACTIONS[verb]} is not possible: disk {disk.id} is {disk.state.value}"
    busy = _BUSY_CODE.get(verb, "ResourceBusy")
    if disk.state.transitional:
        raise Busy(f"{words}.", hint="Wait for it to end.", code=busy)
    if disk.state not in DISK_OPERATIONS[verb].allowed:
        on = f" on instance {disk.instance_id}" if disk.instance_id else ""
        raise Refused(f"{words}{on}.", code=_STATE_CODES.get((verb, disk.state), "ResourceUnavailable.NotSupported"))
    under_way = (snapshot_table.c.disk_id == disk.id, snapshot_table.c.state == SnapshotState.CREATING.value)
    if snapshots.count(connection, *under_way):
        code = "ResourceUnavailable.SnapshotCreating" if verb is DiskVerb.RESIZE else busy
        raise Busy(f"A snapshot of disk {disk.id} is being made.", hint="Wait for it to end.", code=code)


def _check_portable(disk: Disk, code: str) -> None:
    if not disk.portable:
        raise Refused(
            f"Disk {disk.id} is not elastic: it stays with its instance.",
            hint="ModifyDiskAttributes with Portable=true makes it so.",
            code=code,
        )


def _check_instance(action: str, instance: Instance, busy: str, never: str) -> None:
    if instance.state.transitional or instance.operating:
        raise Busy(
            f"{action} is not possible now: something is under way on instance {instance.id}.",
            hint="Wait for it to end.",
            code=busy,
        )
    if instance.state not in _POSSIBLE or instance.stop_charging:
        raise WrongState(action, instance.id, instance.state.value, code=never)


def _free_positions(instance: Instance, count: int) -> list[int]:
    taken = {disk.position for disk in instance.disks}
    free = [position for position in range(1, MOST_DATA_DISKS + 1) if position not in taken]
    if len(free) < count:
        raise OutOfResources(
            f"Instance {instance.id} has {len(instance.data_disks)} data disks; {MOST_DATA_DISKS} are possible.",
            code="LimitExceeded.InstanceAttachedDisk",
        )
    return free[:count]
