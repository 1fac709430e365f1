"""Tags of whatever has an id, and those that are made before anything has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, insert, literal, select, union_all

from vmsim.model.resource import Resource, ResourceKind
from vmsim.store.kept import touch
from vmsim.store.schema import (
    addresses,
    disks,
    images,
    instances,
    key_pairs,
    security_groups,
    snapshots,
    subnets,
    tags,
    vpcs,
)

_UNBOUND = ":"
"""What the owner of a tag that no resource has begins with; its value follows, since an owner has a key but once."""
_TABLES = {
    ResourceKind.INSTANCE: instances,
    ResourceKind.VOLUME: disks,
    ResourceKind.SNAPSHOT: snapshots,
    ResourceKind.IMAGE: images,
    ResourceKind.KEY_PAIR: key_pairs,
    ResourceKind.SECURITY_GROUP: security_groups,
    ResourceKind.VPC: vpcs,
    ResourceKind.SUBNET: subnets,
    ResourceKind.ADDRESS: addresses,
}
_OWNERS = union_all(
    *(
        select(table.c.id.label("id"), table.c.region.label("region"), literal(kind.value).label("kind"))
        for kind, table in _TABLES.items()
    )
).subquery()
_OF = (
    select(tags.c.owner_id, tags.c.key, tags.c.value)
    .where(tags.c.owner_id.in_(bindparam("owners", expanding=True)))
    .order_by(tags.c.key)
)


@dataclass(frozen=True)
class Bound:
    """One tag of one resource."""

    resource: Resource
    key: str
    value: str


@dataclass(frozen=True)
class Which:
    """What to look for; empty is anything. `keys` are joined by OR, `filters` (key, values) by AND."""

    kind: ResourceKind | None = None
    region: str = ""
    ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    service: str = ""


def put(connection: Connection, owner_id: str, values: dict[str, str]) -> None:
    """Exactly these; none is the way to remove them."""
    touch(connection, owner_id)
    connection.execute(delete(tags).where(tags.c.owner_id == owner_id))
    for key, value in values.items():
        connection.execute(insert(tags).values(owner_id=owner_id, key=key, value=value))


def of(connection: Connection, owner_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """By owner; one without tags has an empty dict."""
    result: dict[str, dict[str, str]] = {owner: {} for owner in owner_ids}
    for owner, key, value in connection.execute(_OF, {"owners": list(owner_ids)}):
        result[owner][key] = value
    return result


def exists(connection: Connection, resource: Resource) -> bool:
    """Whether there is such a resource in its region."""
    table = _TABLES[resource.kind]
    wanted = select(table.c.id).where(table.c.id == resource.id, table.c.region == resource.region)
    return connection.execute(wanted).first() is not None


def bound(connection: Connection, which: Which, offset: int = 0, limit: int | None = None) -> list[Bound]:
    """Tags of resources, by id and key."""
    query = _bound(which).order_by(tags.c.owner_id, tags.c.key).offset(offset).limit(limit)
    return [Bound(_resource(row.id, row.region, row.kind), row.key, row.value) for row in connection.execute(query)]


def count(connection: Connection, which: Which) -> int:
    """How many tags of resources there are."""
    return connection.execute(select(func.count()).select_from(_bound(which).subquery())).scalar_one()


def owners(connection: Connection, which: Which, offset: int = 0, limit: int | None = None) -> list[Resource]:
    """Resources with a tag that is looked for, by id."""
    query = _bound(which).with_only_columns(_OWNERS.c.id, _OWNERS.c.region, _OWNERS.c.kind).distinct()
    return [_resource(*row) for row in connection.execute(query.order_by(_OWNERS.c.id).offset(offset).limit(limit))]


def count_owners(connection: Connection, which: Which) -> int:
    query = _bound(which).with_only_columns(func.count(_OWNERS.c.id.distinct()))
    return connection.execute(query).scalar_one()


def pairs(
    connection: Connection, keys: Collection[str] = (), value: str = "", offset: int = 0, limit: int | None = None
) -> list[tuple[str, str]]:
    """Every tag once, bound or not."""
    query = _pairs(keys, value).order_by(tags.c.key, tags.c.value).offset(offset).limit(limit)
    return [(row.key, row.value) for row in connection.execute(query)]


def count_pairs(connection: Connection, keys: Collection[str] = (), value: str = "") -> int:
    return connection.execute(select(func.count()).select_from(_pairs(keys, value).subquery())).scalar_one()


def is_bound(connection: Connection, key: str, value: str) -> bool:
    """Whether a resource has it."""
    having = select(tags.c.owner_id).where(tags.c.key == key, tags.c.value == value)
    return connection.execute(having.where(~tags.c.owner_id.startswith(_UNBOUND)).limit(1)).first() is not None


def add_unbound(connection: Connection, key: str, value: str) -> None:
    """A tag that no resource has."""
    connection.execute(insert(tags).values(owner_id=f"{_UNBOUND}{value}", key=key, value=value))


def remove_unbound(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(tags).where(tags.c.owner_id == f"{_UNBOUND}{value}", tags.c.key == key))


def keys_page(connection: Connection, offset: int = 0, limit: int | None = None) -> list[str]:
    """Every key once."""
    query = select(tags.c.key).distinct().order_by(tags.c.key)
    return list(connection.execute(query.offset(offset).limit(limit)).scalars())


def count_keys(connection: Connection) -> int:
    return connection.execute(select(func.count(tags.c.key.distinct()))).scalar_one()


def _bound(which: Which) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if which.kind is not None:
        conditions.append(_OWNERS.c.kind == which.kind.value)
    if which.service:
        conditions.append(_OWNERS.c.kind.in_([kind.value for kind in ResourceKind if kind.service == which.service]))
    if which.region:
        conditions.append(_OWNERS.c.region == which.region)
    if which.ids:
        conditions.append(tags.c.owner_id.in_(which.ids))
    if which.keys:
        conditions.append(tags.c.key.in_(which.keys))
    for key, values in which.filters:
        other = tags.alias()
        having = select(other.c.key).where(other.c.owner_id == tags.c.owner_id, other.c.key == key)
        conditions.append((having.where(other.c.value.in_(values)) if values else having).exists())
    columns = (_OWNERS.c.id, _OWNERS.c.region, _OWNERS.c.kind, tags.c.key, tags.c.value)
    return select(*columns).join(_OWNERS, _OWNERS.c.id == tags.c.owner_id).where(*conditions)


def _pairs(keys: Collection[str], value: str) -> Select[Any]:
    query = select(tags.c.key, tags.c.value).distinct()
    if keys:
        query = query.where(tags.c.key.in_(keys))
    return query.where(tags.c.value == value) if value else query


def _resource(ident: str, region: str, kind: str) -> Resource:
    return Resource(ResourceKind(kind), region, ident)
