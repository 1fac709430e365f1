"""Accepting a launch: everything is checked and reserved in one transaction, or nothing is.

A key bound at launch switches password login off; with neither password nor key the cloud makes a random password,
which `vmsim show --password` tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from vmsim.cloud import (
    addresses,
    capacity,
    images,
    key_pairs,
    launch_form,
    login,
    names,
    networks,
    new_disks,
    security_groups,
    snapshots,
    state,
)
from vmsim.cloud.context import Cloud
from vmsim.model import charges, ids, regions
from vmsim.model.disk import Disk, DiskUsage
from vmsim.model.errors import Busy, NotFound, OutOfResources, Refused, UsageError
from vmsim.model.image import Image, ImageState
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.instance_types import InstanceType, instance_type, smallest
from vmsim.model.launch import DataDiskRequest, LaunchRequest
from vmsim.model.lifecycle import ACTIONS, InstanceState, Verb
from vmsim.model.network import Subnet, mac_of
from vmsim.model.operation import Caller, OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import client_tokens, instances

GOING_DOWN = "The lab is going down."
_RUN = ACTIONS[Verb.RUN]
MOST_INSTANCES = 10_000


@dataclass(frozen=True)
class Plan:
    """A launch whose form is right: what every one of its instances shares."""

    request: LaunchRequest
    region: str
    zone: str
    image: Image
    kind: InstanceType
    names: tuple[str, ...]
    system_gib: int
    login: login.Login


def launch(cloud: Cloud, request: LaunchRequest, *, caller: Caller, request_id: str) -> tuple[Instance, ...]:
    """The new instances, all PENDING; none for a dry run."""
    if cloud.going_down.is_set():
        raise Busy(GOING_DOWN)
    plan = planned(cloud, request)
    digest = hashlib.sha256(repr(replace(request, password="")).encode()).hexdigest()
    records: list[OperationRecord] = []
    with cloud.store.writing() as connection:
        repeated = _answered_before(connection, request, digest)
        if repeated is not None:
            return repeated
        trial = connection.begin_nested()
        made = _as_many_as_fit(cloud, connection, plan)
        if request.dry_run:
            trial.rollback()
            return ()
        trial.commit()
        for instance in made:
            records.append(state.begin(cloud, connection, Verb.RUN, instance, {}, caller=caller, request_id=request_id))
        if request.client_token:
            ids_made = [instance.id for instance in made]
            now = cloud.clock.now().timestamp()
            client_tokens.remember(connection, _RUN, plan.region, request.client_token, digest, ids_made, now)
        found = instances.by_ids(connection, [instance.id for instance in made])
    cloud.hand_over(Verb.RUN.value, [record.id for record in records])
    return tuple(found[instance.id] for instance in made)


def _as_many_as_fit(cloud: Cloud, connection: Connection, plan: Plan) -> list[Instance]:
    """All; with MinCount fewer, down to that."""
    most, fewest = plan.request.count, plan.request.fewest or plan.request.count
    for count in range(most, fewest, -1):
        trial = connection.begin_nested()
        try:
            made = _reserved(cloud, connection, plan, count)
        except OutOfResources:
            trial.rollback()
        else:
            trial.commit()
            return made
    return _reserved(cloud, connection, plan, fewest)


def _reserved(cloud: Cloud, connection: Connection, plan: Plan, count: int) -> list[Instance]:
    _check_capacity(cloud, connection, plan, count)
    plan = replace(plan, login=login.with_default_key(cloud, connection, plan.login, plan.region, plan.request))
    key_pairs.require(connection, plan.region, plan.login.key_ids)
    plan = replace(plan, request=security_groups.with_groups(cloud, connection, plan.region, plan.request))
    return [_reserve(cloud, connection, plan, number) for number in range(count)]


def planned(cloud: Cloud, request: LaunchRequest) -> Plan:
    """The request's form, checked; nothing is reserved."""
    region = regions.region(request.region)
    request = networks.placed(cloud, request)
    zone = regions.check_zone(region.name, request.zone) if request.zone else region.zone_names()[0]
    image = images.get(cloud, request.image or images.TINY, region.name)
    if image.state is not ImageState.NORMAL:
        raise UsageError(
            f"Image {image.name} is {image.state.value}: nothing can be launched from it.",
            code="InvalidParameterValue.InvalidImageState",
        )
    request = replace(request, data_disks=(*_disks_of_image(cloud, image, request), *request.data_disks))
    kind = instance_type(request.type_name) if request.type_name else smallest(image.memory_mib)
    if kind.memory_mib < image.memory_mib:
        raise UsageError(
            f"{kind.name} has {kind.memory_words}; image {image.name} needs {image.memory_mib} MiB.",
            code="InvalidParameterValue.InvalidImageForGivenInstanceType",
        )
    launch_form.check_counts(request)
    launch_form.check_charge(request)
    launch_form.check_timer(cloud, request)
    launch_form.check_user_data(request.user_data)
    launch_form.check_topology(request, kind)
    return Plan(
        request,
        region.name,
        zone,
        image,
        kind,
        names.expanded(request.name or "", request.count, default=image.name),
        _system_gib(request, image),
        login.planned(request),
    )


def _disks_of_image(cloud: Cloud, image: Image, request: LaunchRequest) -> Sequence[DataDiskRequest]:
    """The data disks that an image was made with."""
    return [
        DataDiskRequest(snapshot.size_gib, request.system_disk_type, snapshot_id=snapshot.id)
        for snapshot in snapshots.data_of(cloud, image)
    ]


def _system_gib(request: LaunchRequest, image: Image) -> int:
    size = request.system_disk_gib or max(image.size_gib, 1)
    if size < image.size_gib or size > launch_form.MOST_DISK_GIB:
        raise UsageError(
            f"The system disk must have {image.size_gib} to {launch_form.MOST_DISK_GIB} GiB for image {image.name}, "
            f"not {size}.",
            code="InvalidParameterValue.Range",
        )
    return size


def _answered_before(connection: Connection, request: LaunchRequest, digest: str) -> tuple[Instance, ...] | None:
    if not request.client_token:
        return None
    answer = client_tokens.answer(connection, _RUN, request.region, request.client_token)
    if answer is None:
        return None
    if answer[0] != digest:
        raise UsageError("This ClientToken was used for a different request.", code="InvalidParameterValue")
    found = instances.by_ids(connection, answer[1])
    return tuple(found[one] for one in answer[1] if one in found)


def _check_capacity(cloud: Cloud, connection: Connection, plan: Plan, count: int) -> None:
    if instances.count(connection) + count > MOST_INSTANCES:
        raise OutOfResources(f"A home holds at most {MOST_INSTANCES} instances.", code="LimitExceeded.InstanceQuota")
    capacity.check_memory(connection, plan.kind.memory_mib * count)
    written = capacity.WRITTEN_BY_LAUNCH + sum(
        _copied(connection, plan.region, disk) for disk in plan.request.data_disks
    )
    capacity.check_disk(cloud, written * count)


def _copied(connection: Connection, region: str, disk: DataDiskRequest) -> int:
    """Bytes that a data disk begins with: those of the snapshot it is made of."""
    if not disk.snapshot_id:
        return 0
    try:
        snapshot = new_disks.snapshot_of(connection, region, disk.snapshot_id)
    except NotFound as error:
        raise NotFound("snapshot", disk.snapshot_id, code="InvalidParameter.SnapshotNotFound") from error
    if disk.size_gib < snapshot.size_gib:
        raise Refused(
            f"Snapshot {snapshot.id} has {snapshot.size_gib} GiB; a data disk of {disk.size_gib} GiB was asked for.",
            code="FailedOperation.SnapshotSizeLargerThanDataSize",
        )
    return new_disks.written_by_copy(snapshot)


def _reserve(cloud: Cloud, connection: Connection, plan: Plan, number: int) -> Instance:
    request = plan.request
    subnet = networks.subnet_for(cloud, connection, plan.region, plan.zone, request.vpc_id, request.subnet_id)
    wanted = request.private_ips[number] if request.private_ips else ""
    address = networks.private_address(connection, subnet, wanted)
    public = request.bandwidth_out > 0 and request.public_ip is not False
    ident = ids.new("ins")
    instance = _instance(cloud, plan, subnet, ident, str(address), mac_of(address), plan.names[number])
    instance = replace(
        instance,
        host_name=names.host_name(request.host_name, ident, number, request.count, str(address)),
        public_ip=addresses.allocate(connection) if public else None,
        disks=tuple(_disks(cloud, plan, ident)),
    )
    instances.add(connection, instance)
    return instance


def _instance(cloud: Cloud, plan: Plan, subnet: Subnet, ident: str, address: str, mac: str, name: str) -> Instance:
    request = plan.request
    now = cloud.clock.now()
    return Instance(
        id=ident,
        uuid=ids.new_uuid(),
        region=plan.region,
        zone=plan.zone,
        name=name,
        host_name="",
        type_name=plan.kind.name,
        cpu=plan.kind.cpu,
        memory_mib=plan.kind.memory_mib,
        image_id=plan.image.id,
        state=InstanceState.PENDING,
        state_reason="",
        charge_type=request.charge_type,
        stop_charging=False,
        created=now,
        mac=mac,
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.id,
        private_ip=address,
        public_ip=None,
        bandwidth_out=request.bandwidth_out,
        internet_charge_type=request.internet_charge_type,
        security_group_ids=request.security_group_ids,
        login_user=plan.image.login_user,
        password=plan.login.shown,
        password_hash=plan.login.password_hash,
        host_key="",
        key_ids=plan.login.key_ids,
        user_data=request.user_data,
        tags=dict(request.tags),
        project_id=request.project_id,
        protected=request.protected,
        latest=LatestOperation(),
        rung=Rung.OFF,
        paused="",
        boot_with_lab=request.boot_with_lab,
        prepaid_months=request.prepaid_months,
        renew_flag=_renew_flag(request),
        expires=_expires(request, now),
        cam_role=request.cam_role,
        metadata=dict(request.metadata),
        cores=request.cores,
        threads_per_core=request.threads_per_core,
        terminate_at=request.terminate_at,
    )


def _renew_flag(request: LaunchRequest) -> str:
    return (request.renew_flag or charges.MANUAL_RENEW) if request.charge_type == charges.PREPAID else ""


def _expires(request: LaunchRequest, now: datetime) -> datetime | None:
    return charges.later(now, request.prepaid_months) if request.charge_type == charges.PREPAID else None


def _disks(cloud: Cloud, plan: Plan, instance_id: str) -> Sequence[Disk]:
    request = plan.request
    folder = cloud.home.instance(instance_id)
    now = cloud.clock.now()
    system = DataDiskRequest(plan.system_gib, request.system_disk_type, name=request.system_disk_name)
    rows = [system, *request.data_disks]
    disks = []
    for position, row in enumerate(rows):
        ident = ids.new("disk")
        disks.append(
            Disk(
                ident,
                instance_id,
                plan.region,
                plan.zone,
                position,
                row.type,
                row.size_gib,
                row.name,
                row.delete_with_instance,
                str(folder / f"{ident}.qcow2"),
                usage=DiskUsage.DATA if position else DiskUsage.SYSTEM,
                portable=not row.delete_with_instance,
                snapshot_id=row.snapshot_id,
                charge_type=request.charge_type,
                created=now,
                project_id=request.project_id,
                renew_flag=_renew_flag(request),
                deadline=_expires(request, now),
            )
        )
    return disks
