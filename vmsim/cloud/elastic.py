"""EIPs: what is asked of them, checked and recorded. The work is in `jobs/`, and each job's number is a TaskId.

    (none) ─ allocate ─▶ CREATING ─▶ UNBIND ─ bind ─▶ BINDING ─▶ BIND ─ unbind ─▶ UNBINDING ─▶ UNBIND
                                       └─ release ─▶ OFFLINING ─▶ (none)

An instance's own row says what it answers at, EIP or ordinary address, and it has one at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import address_quotas
from vmsim.cloud import addresses as ordinary
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import begin
from vmsim.model import charges, ids
from vmsim.model.address import BY_BANDWIDTH, BY_TRAFFIC, PREPAID, Address, AddressStatus
from vmsim.model.errors import Busy, InUse, NotFound, Refused, UsageError
from vmsim.model.instance import Instance
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import InstanceState, OperationState
from vmsim.model.operation import Caller
from vmsim.store import addresses, client_tokens, instances, jobs

LONGEST_NAME = 128
UNNAMED = "未命名"
MOST_BANDWIDTH = {BY_TRAFFIC: 100, BY_BANDWIDTH: 100, PREPAID: 200}
_ALLOCATE = "AllocateAddresses"


@dataclass(frozen=True)
class Asker:
    """Who asks, and by which request."""

    caller: Caller
    request_id: str


@dataclass(frozen=True)
class AddressRequest:
    """What AllocateAddresses may say."""

    count: int = 1
    name: str = ""
    charge_type: str = BY_TRAFFIC
    bandwidth: int = 1
    prepaid_months: int = 0
    renew_flag: str = ""
    isp: str = "BGP"
    tags: dict[str, str] = field(default_factory=dict)
    client_token: str = ""


def allocate(cloud: Cloud, region: str, asked: AddressRequest, asker: Asker) -> tuple[list[str], int]:
    """The new EIPs' ids, and the job."""
    if not 1 <= asked.count <= address_quotas.MOST_OF_A_REGION:
        raise UsageError(
            f"AddressCount is {asked.count}; it is 1 to {address_quotas.MOST_OF_A_REGION}.",
            code="InvalidParameterValue.Range",
        )
    check_name(asked.name)
    check_bandwidth(asked.charge_type, asked.bandwidth)
    digest = hashlib.sha256(repr(asked).encode(errors="replace")).hexdigest()
    with cloud.store.writing() as connection:
        if asked.client_token:
            before = client_tokens.answer(connection, _ALLOCATE, region, asked.client_token)
            if before is not None:
                return _answered_before(connection, before, digest)
        address_quotas.check_number(connection, region, asked.count)
        address_quotas.check_day(cloud, connection, region, asked.count)
        made = [_new(cloud, connection, region, asked) for _ in range(asked.count)]
        record = _begin(cloud, connection, JobKind.ALLOCATE_ADDRESSES, made, {"region": region}, asker)
        number = jobs.number_of(connection, record.id)
        if asked.client_token:
            now = cloud.clock.now().timestamp()
            client_tokens.remember(connection, _ALLOCATE, region, asked.client_token, digest, [record.id], now)
    cloud.hand_over(record.kind.value, [record.id])
    return [address.id for address in made], number


def _answered_before(connection: Connection, before: tuple[str, list[str]], digest: str) -> tuple[list[str], int]:
    record = jobs.one(connection, before[1][0])
    if before[0] != digest or record is None:
        raise UsageError("This ClientToken was used for a different request.", code="InvalidParameterConflict")
    return record.arguments["ids"], jobs.number_of(connection, record.id)


def _new(cloud: Cloud, connection: Connection, region: str, asked: AddressRequest) -> Address:
    now = cloud.clock.now()
    made = Address(
        id=ids.new("eip"),
        region=region,
        name=asked.name or UNNAMED,
        ip=ordinary.allocate(connection),
        status=AddressStatus.CREATING,
        created=now,
        charge_type=asked.charge_type,
        isp=asked.isp,
        bandwidth=asked.bandwidth,
        prepaid_months=asked.prepaid_months,
        renew_flag=asked.renew_flag,
        deadline=charges.later(now, asked.prepaid_months) if asked.prepaid_months else None,
        tags=dict(asked.tags),
    )
    addresses.add(connection, made)
    return made


def bind(cloud: Cloud, region: str, ident: str, instance_id: str, *, direct: bool | None, asker: Asker) -> int:
    """The job."""
    with cloud.store.writing() as connection:
        address = require(connection, region, ident)
        _check_status(address, AddressStatus.UNBIND)
        if address.in_arrears(cloud.clock.now()):
            raise Refused(
                f"EIP {address.id} was paid for until {address.deadline:%Y-%m-%d}.",
                hint="Release it, and allocate another.",
                code="OperationDenied.AddressInArrears",
            )
        instance = _instance(connection, region, instance_id)
        if addresses.of_instance(connection, instance.id) is not None:
            raise InUse(f"Instance {instance.id} has an EIP already.", code="InvalidInstanceId.AlreadyBindEip")
        if instance.public_ip is not None:
            raise InUse(
                f"Instance {instance.id} has an ordinary public address, {instance.public_ip}.",
                hint="Return it, or make an EIP of it (TransformAddress).",
                code="InvalidParameterValue.InstanceHasWanIP",
            )
        _check_state(instance, "UnsupportedOperation.InstanceStateNotSupported")
        changed: dict[str, Any] = {} if direct is None else {"direct": direct}
        addresses.change(connection, address.id, status=AddressStatus.BINDING, instance_id=instance.id, **changed)
        record = _begin(cloud, connection, JobKind.BIND_ADDRESS, [address], {"transformed": False}, asker, instance.id)
        number = jobs.number_of(connection, record.id)
    cloud.hand_over(record.kind.value, [record.id])
    return number


def unbind(cloud: Cloud, region: str, ident: str, *, reallocate: bool, asker: Asker) -> int:
    """The job. `reallocate`: the instance gets an ordinary address instead."""
    with cloud.store.writing() as connection:
        address = require(connection, region, ident)
        _check_status(address, AddressStatus.BIND)
        if reallocate:
            address_quotas.check_reallocation(cloud, connection)
        addresses.change(connection, address.id, status=AddressStatus.UNBINDING)
        given = {"reallocate": reallocate}
        record = _begin(cloud, connection, JobKind.UNBIND_ADDRESS, [address], given, asker, address.instance_id)
        number = jobs.number_of(connection, record.id)
    cloud.hand_over(record.kind.value, [record.id])
    return number


def release(cloud: Cloud, region: str, idents: Sequence[str], asker: Asker) -> int:
    """The job. All of them or none."""
    with cloud.store.writing() as connection:
        found = [require(connection, region, ident) for ident in idents]
        for address in found:
            _check_status(address, AddressStatus.UNBIND)
        for address in found:
            addresses.change(connection, address.id, status=AddressStatus.OFFLINING)
        record = _begin(cloud, connection, JobKind.RELEASE_ADDRESSES, found, {}, asker)
        number = jobs.number_of(connection, record.id)
    cloud.hand_over(record.kind.value, [record.id])
    return number


def transform(cloud: Cloud, region: str, instance_id: str, asker: Asker) -> tuple[str, int]:
    """The EIP that the instance's ordinary address becomes, and the job that binds it; it answers all the while."""
    with cloud.store.writing() as connection:
        instance = _instance(connection, region, instance_id)
        if addresses.of_instance(connection, instance.id) is not None:
            raise InUse(f"Instance {instance.id} has an EIP already.", code="InvalidInstanceId.AlreadyBindEip")
        if instance.public_ip is None:
            raise Refused(
                f"Instance {instance.id} has no ordinary public address.",
                code="InvalidParameterValue.InstanceHasNoWanIP",
            )
        _check_state(instance, "InvalidParameterValue.InvalidInstanceState")
        address_quotas.check_number(connection, region, 1)
        charge_type = instance.internet_charge_type
        made = Address(
            id=ids.new("eip"),
            region=region,
            name=UNNAMED,
            ip=instance.public_ip,
            status=AddressStatus.BINDING,
            created=cloud.clock.now(),
            instance_id=instance.id,
            charge_type=charge_type if charge_type in MOST_BANDWIDTH else BY_TRAFFIC,
            bandwidth=max(instance.bandwidth_out, 1),
        )
        addresses.add(connection, made)
        record = _begin(cloud, connection, JobKind.BIND_ADDRESS, [made], {"transformed": True}, asker, instance.id)
        number = jobs.number_of(connection, record.id)
    cloud.hand_over(record.kind.value, [record.id])
    return made.id, number


def modify(cloud: Cloud, region: str, ident: str, *, name: str | None, direct: bool | None) -> None:
    if name is not None:
        check_name(name)
    with cloud.store.writing() as connection:
        address = require(connection, region, ident)
        changed: dict[str, Any] = {} if name is None else {"name": name or UNNAMED}
        if direct is not None:
            changed["direct"] = direct
        if changed:
            addresses.change(connection, address.id, **changed)
    cloud.news.ring()


def shape(cloud: Cloud, region: str, idents: Sequence[str], bandwidth: int, asker: Asker) -> int:
    """The job that gives them this bandwidth."""
    with cloud.store.writing() as connection:
        found = [require(connection, region, ident) for ident in idents]
        for address in found:
            check_bandwidth(address.charge_type, bandwidth)
        given = {"bandwidth": bandwidth}
        record = _begin(cloud, connection, JobKind.SHAPE_ADDRESSES, found, given, asker)
        number = jobs.number_of(connection, record.id)
    cloud.hand_over(record.kind.value, [record.id])
    return number


def task(cloud: Cloud, number: int) -> OperationState:
    """How the job stands that a TaskId means."""
    with cloud.store.reading() as connection:
        found = jobs.by_number(connection, number)
    if found is None:
        raise UsageError(f"There is no task {number}.", code="InvalidParameter")
    return found.state


def require(connection: Connection, region: str, ident: str) -> Address:
    found = addresses.one(connection, ids.check("eip", ident))
    if found is None or found.region != region:
        raise NotFound("EIP", ident, code="InvalidAddressId.NotFound")
    return found


def check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise UsageError(f"An EIP's name has at most {LONGEST_NAME} characters.", code="InvalidParameterValue.TooLong")
    if name and not name.isprintable():
        raise UsageError(f"{name!r} cannot be a name.", code="InvalidParameterValue")


def check_bandwidth(charge_type: str, bandwidth: int) -> None:
    if not 1 <= bandwidth <= MOST_BANDWIDTH[charge_type]:
        raise UsageError(
            f"InternetMaxBandwidthOut is {bandwidth}; with {charge_type} it is 1 to {MOST_BANDWIDTH[charge_type]}.",
            code="InvalidParameterValue.BandwidthOutOfRange",
        )


def _instance(connection: Connection, region: str, ident: str) -> Instance:
    found = instances.one(connection, ids.check("ins", ident))
    if found is None or found.region != region:
        raise NotFound("instance", ident, code="InvalidInstanceId.NotFound")
    return found


def _check_status(address: Address, wanted: AddressStatus) -> None:
    if address.status is wanted:
        return
    if address.status in (AddressStatus.BIND, AddressStatus.UNBIND):
        bound = f"bound to {address.instance_id}" if address.instance_id else "bound to no instance"
        raise Refused(
            f"EIP {address.id} is {address.status.value}, not {wanted.value}: it is {bound}.",
            hint="DisassociateAddress frees it." if address.instance_id else "",
            code="UnsupportedOperation.AddressStatusNotPermit",
        )
    raise Busy(
        f"EIP {address.id} is {address.status.value}.", hint="Ask again.", code="OperationDenied.MutexTaskRunning"
    )


def _check_state(instance: Instance, code: str) -> None:
    if instance.stop_charging and instance.state is InstanceState.STOPPED:
        raise Refused(
            f"Instance {instance.id} is stopped and not charged: it has no network until it is started.",
            code="UnsupportedOperation.InstanceStatusNotPermit",
        )
    if instance.state not in (InstanceState.RUNNING, InstanceState.STOPPED):
        raise Refused(f"Instance {instance.id} is {instance.state.value}.", code=code)


def _begin(
    cloud: Cloud,
    connection: Connection,
    kind: JobKind,
    found: Sequence[Address],
    given: dict[str, Any],
    asker: Asker,
    instance_id: str = "",
) -> JobRecord:
    return begin(
        cloud,
        connection,
        kind,
        found[0].id,
        {"ids": [address.id for address in found], **given},
        instance_id=instance_id,
        caller=asker.caller,
        request_id=asker.request_id,
    )
