"""Instances with their disks, keys and tags: rows to records and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    String,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from vmsim.model.disk import Disk
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.readiness import Rung
from vmsim.store import disks, publications, rows, tags, times
from vmsim.store.database import Store
from vmsim.store.kept import touch
from vmsim.store.rows import Order
from vmsim.store.schema import instance_keys, instances
from vmsim.store.schema import publications as publication_table

_PLAIN = [
    "id",
    "uuid",
    "region",
    "zone",
    "name",
    "host_name",
    "type_name",
    "cpu",
    "memory_mib",
    "image_id",
    "state_reason",
    "charge_type",
    "stop_charging",
    "mac",
    "vpc_id",
    "subnet_id",
    "private_ip",
    "public_ip",
    "bandwidth_out",
    "internet_charge_type",
    "login_user",
    "password",
    "password_hash",
    "host_key",
    "user_data",
    "project_id",
    "protected",
    "boot_with_lab",
    "paused",
    "prepaid_months",
    "renew_flag",
    "isolated_source",
    "cam_role",
    "pending_host_name",
    "metadata",
    "cores",
    "threads_per_core",
]
_ELSEWHERE = ("latest", "disks", "key_ids", "tags")
_TIMES = ("expires", "isolated_at", "terminate_at")
NEWEST_FIRST = (instances.c.created.desc(), instances.c.id)
"""The cloud's order."""
_ALL = 2**62
_RECORD_ALONE = (instances.c.state == InstanceState.LAUNCH_FAILED.value) & (
    instances.c.latest_state != OperationState.OPERATING.value
)
"""What is left of a launch that failed and was undone; its address is free."""
_BY_IDS = select(instances).where(instances.c.id.in_(bindparam("ids", expanding=True)))
_KEYS_OF = select(instance_keys.c.instance_id, instance_keys.c.key_id).where(
    instance_keys.c.instance_id.in_(bindparam("ids", expanding=True))
)


def add(connection: Connection, instance: Instance) -> None:
    """A new instance with all that belongs to it."""
    touch(connection, instance.id)
    connection.execute(insert(instances).values(**_columns(vars(instance))))
    for disk in instance.disks:
        disks.add(connection, disk)
    set_keys(connection, instance.id, instance.key_ids)
    tags.put(connection, instance.id, instance.tags)


def change(connection: Connection, instance_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names (`latest`, `key_ids`, `state` included)."""
    touch(connection, instance_id)
    keys = fields.pop("key_ids", None)
    if keys is not None:
        set_keys(connection, instance_id, keys)
    if fields:
        connection.execute(update(instances).where(instances.c.id == instance_id).values(**_columns(fields)))


def remove(connection: Connection, instance_id: str) -> None:
    """With the disks that are still attached to it, and the ports that lead to it."""
    touch(connection, instance_id)
    tags.put(connection, instance_id, {})
    publications.remove(connection, publication_table.c.instance_id == instance_id)
    for disk in disks.of_instances(connection, [instance_id])[instance_id]:
        disks.remove(connection, disk.id)
    connection.execute(delete(instances).where(instances.c.id == instance_id))


def one(connection: Connection, instance_id: str) -> Instance | None:
    found = where(connection, instances.c.id == instance_id)
    return found[0] if found else None


@dataclass(frozen=True)
class Glance:
    """What of an instance is compared with its domain."""

    id: str
    uuid: str
    state: InstanceState
    paused: str


def glances(connection: Connection, states: Sequence[InstanceState]) -> list[Glance]:
    """Of all instances in these states; cheap, also where there are thousands."""
    wanted = (instances.c.id, instances.c.uuid, instances.c.state, instances.c.paused)
    query = select(*wanted).where(instances.c.state.in_([state.value for state in states]))
    return [
        Glance(ident, uuid, InstanceState(state), paused) for ident, uuid, state, paused in connection.execute(query)
    ]


def by_uuid(connection: Connection, uuid: str) -> Instance | None:
    found = where(connection, instances.c.uuid == uuid)
    return found[0] if found else None


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Instance]:
    found = connection.execute(_BY_IDS, {"ids": list(ids)}).mappings().all()
    return {instance.id: instance for instance in _records(connection, found)}


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order = NEWEST_FIRST,
    offset: int = 0,
    limit: int | None = None,
) -> list[Instance]:
    """The records that match."""
    return _records(connection, rows.page(connection, instances, conditions, order, offset, limit))


class Question:
    """Which instances match? Made once for many askings: its conditions have parameters (`bindparam`) for values."""

    def __init__(self, *conditions: ColumnElement[bool], order: Order) -> None:
        self._page = (
            select(instances.c.id)
            .where(*conditions)
            .order_by(*order)
            .offset(bindparam("offset"))
            .limit(bindparam("limit"))
        )
        self._total = select(func.count()).select_from(instances).where(*conditions)

    def ask(
        self, store: Store, values: Mapping[str, Any], offset: int, limit: int | None
    ) -> tuple[int, tuple[str, ...]]:
        """The total, and the ids of a page."""
        if not offset:
            # One more than the page has: mostly there is none, and nothing to be counted.
            with store.glancing() as connection:
                found = self._ids(connection, values, 0, None if limit is None else limit + 1)
            if limit is None or len(found) <= limit:
                return len(found), found
        with store.reading() as connection:
            total = connection.execute(self._total, dict(values)).scalar_one()
            return total, self._ids(connection, values, offset, limit)

    def _ids(
        self, connection: Connection, values: Mapping[str, Any], offset: int, limit: int | None
    ) -> tuple[str, ...]:
        given = {**values, "offset": offset, "limit": _ALL if limit is None else limit}
        return tuple(connection.execute(self._page, given).scalars())


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, instances, conditions)


def set_keys(connection: Connection, instance_id: str, key_ids: Iterable[str]) -> None:
    touch(connection, instance_id)
    connection.execute(delete(instance_keys).where(instance_keys.c.instance_id == instance_id))
    for key_id in dict.fromkeys(key_ids):
        connection.execute(insert(instance_keys).values(instance_id=instance_id, key_id=key_id))


def addresses_in(connection: Connection, subnet_id: str) -> set[str]:
    """Those that are given."""
    query = select(instances.c.private_ip).where(instances.c.subnet_id == subnet_id, ~_RECORD_ALONE)
    return set(connection.execute(query).scalars())


def others_at(connection: Connection, instance: Instance) -> bool:
    """Has another one its private address by now?"""
    same = (instances.c.subnet_id == instance.subnet_id) & (instances.c.private_ip == instance.private_ip)
    query = select(instances.c.id).where(same, instances.c.id != instance.id, ~_RECORD_ALONE).limit(1)
    return connection.execute(query).first() is not None


def columns(
    connection: Connection, wanted: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """These columns alone: for who looks at every instance and needs little of each."""
    return connection.execute(select(*wanted).where(*conditions).order_by(instances.c.id)).all()


def counts_by_subnet(connection: Connection, subnet_ids: Sequence[str]) -> dict[str, int]:
    """How many addresses are given in each; one with none is missing."""
    query = select(instances.c.subnet_id, func.count()).where(instances.c.subnet_id.in_(subnet_ids), ~_RECORD_ALONE)
    return {subnet: number for subnet, number in connection.execute(query.group_by(instances.c.subnet_id))}


def in_subnet(connection: Connection, subnet_id: str) -> list[str]:
    """Ids of the instances that need it."""
    query = select(instances.c.id).where(instances.c.subnet_id == subnet_id, ~_RECORD_ALONE).order_by(instances.c.id)
    return list(connection.execute(query).scalars())


def names_in(connection: Connection, vpc_id: str) -> dict[str, str]:
    """Host names by private address, of what is in a VPC and not on its way out."""
    gone = [InstanceState.LAUNCH_FAILED.value, InstanceState.TERMINATING.value]
    query = select(instances.c.private_ip, instances.c.host_name).where(
        instances.c.vpc_id == vpc_id, instances.c.state.not_in(gone)
    )
    return {address: name for address, name in connection.execute(query)}


def public_addresses(connection: Connection) -> dict[str, str]:
    """Every public address in use, and the private address it stands for."""
    query = select(instances.c.public_ip, instances.c.private_ip).where(instances.c.public_ip.is_not(None))
    return {row.public_ip: row.private_ip for row in connection.execute(query)}


def running_memory_mib(connection: Connection, apart_from: Iterable[str] = ()) -> int:
    """What running guests, and those on their way up, have been promised."""
    off = [InstanceState.STOPPED.value, InstanceState.LAUNCH_FAILED.value, InstanceState.SHUTDOWN.value]
    query = select(func.coalesce(func.sum(instances.c.memory_mib), 0)).where(
        instances.c.state.not_in(off), instances.c.id.not_in(list(apart_from))
    )
    return int(connection.execute(query).scalar_one())


def has_of_image(connection: Connection, image_id: str) -> bool:
    """Is there an instance that was made from this image?"""
    query = select(instances.c.id).where(instances.c.image_id == image_id).limit(1)
    return connection.execute(query).first() is not None


def counts_by_state(connection: Connection) -> dict[str, int]:
    query = select(instances.c.state, func.count()).group_by(instances.c.state)
    return {state: number for state, number in connection.execute(query)}


def in_group(connection: Connection, group_id: str) -> list[str]:
    """Ids of the instances that have this security group; of a launch that failed only the record is left."""
    text = type_coerce(instances.c.security_group_ids, String)
    having = text.contains(f'"{group_id}"', autoescape=True)
    query = select(instances.c.id).where(having, instances.c.state != InstanceState.LAUNCH_FAILED.value)
    return list(connection.execute(query.order_by(instances.c.id)).scalars())


def without_groups(connection: Connection) -> dict[tuple[str, int], list[str]]:
    """Ids of the instances that have no security group, by region and project."""
    wanted = (instances.c.id, instances.c.region, instances.c.project_id)
    found: dict[tuple[str, int], list[str]] = {}
    for row in connection.execute(
        select(*wanted).where(type_coerce(instances.c.security_group_ids, String) == "[]").order_by(instances.c.id)
    ):
        found.setdefault((row.region, row.project_id), []).append(row.id)
    return found


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    result = rows.columns(fields, *_ELSEWHERE)
    if "latest" in fields:
        result |= rows.columns({f"latest_{name}": value for name, value in vars(fields["latest"]).items()})
    return result


def _records(connection: Connection, found: Sequence[RowMapping]) -> list[Instance]:
    ids = [row["id"] for row in found]
    if not ids:
        return []
    disks_of = disks.of_instances(connection, ids)
    keys_of: dict[str, list[str]] = {ident: [] for ident in ids}
    for owner, key_id in connection.execute(_KEYS_OF, {"ids": ids}):
        keys_of[owner].append(key_id)
    tags_by_owner = tags.of(connection, ids)
    return [_record(row, disks_of[row["id"]], keys_of[row["id"]], tags_by_owner[row["id"]]) for row in found]


def _moments(row: RowMapping) -> dict[str, Any]:
    return {name: times.moment(row[name]) if row[name] else None for name in _TIMES}


def _record(row: RowMapping, disks_: list[Disk], keys: list[str], tags_: dict[str, str]) -> Instance:
    return Instance(
        **{name: row[name] for name in _PLAIN},
        state=InstanceState(row["state"]),
        created=times.moment(row["created"]),
        **_moments(row),
        security_group_ids=tuple(row["security_group_ids"]),
        rung=Rung(row["rung"]),
        latest=LatestOperation(
            Verb(row["latest_verb"]) if row["latest_verb"] else None,
            OperationState(row["latest_state"]) if row["latest_state"] else None,
            row["latest_request_id"],
            row["latest_error"],
        ),
        key_ids=tuple(keys),
        tags=tags_,
        disks=tuple(disks_),
    )
