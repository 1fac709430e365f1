"""Security groups with their rules: rows to records and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from vmsim.model.security_group import Direction, Protocol, Rule, SecurityGroup, Verdict
from vmsim.store import tags, times
from vmsim.store.schema import security_group_rules as rules
from vmsim.store.schema import security_groups as groups

_RULES = ("ingress", "egress")


def add(connection: Connection, group: SecurityGroup) -> None:
    connection.execute(insert(groups).values(**_columns(vars(group))))
    tags.put(connection, group.id, group.tags)
    for direction in Direction:
        _write(connection, group.id, direction, group.rules(direction))


def change(connection: Connection, group_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names; rules have a way of their own."""
    connection.execute(update(groups).where(groups.c.id == group_id).values(**_columns(fields)))


def put_rules(
    connection: Connection, group: SecurityGroup, direction: Direction, new: Sequence[Rule], at: datetime
) -> None:
    """Exactly these, in this order; one version more."""
    connection.execute(delete(rules).where(rules.c.owner_id == group.id, rules.c.direction == direction.value))
    _write(connection, group.id, direction, new)
    change(connection, group.id, version=group.version + 1, updated=at)


def remove(connection: Connection, group_id: str) -> None:
    tags.put(connection, group_id, {})
    connection.execute(delete(groups).where(groups.c.id == group_id))


def one(connection: Connection, group_id: str) -> SecurityGroup | None:
    found = where(connection, groups.c.id == group_id)
    return found[0] if found else None


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[SecurityGroup]:
    """Newest first unless told otherwise."""
    by = order or (groups.c.created.desc(), groups.c.id)
    query = select(groups).where(*conditions).order_by(*by).offset(offset).limit(limit)
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    labels = tags.of(connection, ids)
    found = _read(connection, ids)
    return [
        SecurityGroup(
            **{
                **row,
                "created": times.moment(row["created"]),
                "updated": times.moment(row["updated"]),
                "tags": labels[row["id"]],
                **{name: tuple(found.get((row["id"], name), ())) for name in _RULES},
            }
        )
        for row in rows
    ]


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(groups).where(*conditions)).scalar_one()


def naming(connection: Connection, group_id: str) -> list[str]:
    """The groups whose rules are about this one; its own are not meant."""
    query = select(rules.c.owner_id).where(rules.c.group_id == group_id, rules.c.owner_id != group_id).distinct()
    return list(connection.execute(query.order_by(rules.c.owner_id)).scalars())


def _write(connection: Connection, owner_id: str, direction: Direction, new: Sequence[Rule]) -> None:
    for position, rule in enumerate(new):
        plain = {name: value for name, value in vars(rule).items() if name != "bare"}
        values = {
            **plain,
            "protocol": rule.protocol.value,
            "verdict": rule.verdict.value,
            "cidr": rule.cidr_text or None,
            "modified": times.text(rule.modified) if rule.modified else None,
        }
        place = {"owner_id": owner_id, "direction": direction.value, "position": position}
        connection.execute(insert(rules).values(**values, **place))


def _read(connection: Connection, owner_ids: Sequence[str]) -> dict[tuple[str, str], list[Rule]]:
    """By group and direction, in order."""
    found: dict[tuple[str, str], list[Rule]] = {}
    query = select(rules).where(rules.c.owner_id.in_(owner_ids)).order_by(rules.c.position)
    for row in connection.execute(query).mappings():
        rule = Rule(
            protocol=Protocol(row["protocol"]),
            verdict=Verdict(row["verdict"]),
            ports=row["ports"],
            cidr=IPv4Network(row["cidr"]) if row["cidr"] is not None else None,
            bare=row["cidr"] is not None and "/" not in row["cidr"],
            cidr6=row["cidr6"],
            group_id=row["group_id"],
            description=row["description"],
            modified=times.moment(row["modified"]) if row["modified"] else None,
        )
        found.setdefault((row["owner_id"], row["direction"]), []).append(rule)
    return found


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    result = {name: value for name, value in fields.items() if name not in ("tags", *_RULES)}
    for name in ("created", "updated"):
        if name in result:
            result[name] = times.text(result[name])
    return result
