"""Key pairs and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from vmsim.model.api_key import ApiKey
from vmsim.model.key_pair import KeyPair
from vmsim.store import rows, tags, times
from vmsim.store.kept import touch
from vmsim.store.schema import api_keys, instance_keys, key_pairs


def add(connection: Connection, key: KeyPair) -> None:
    connection.execute(insert(key_pairs).values(**rows.columns(vars(key), "tags", "instance_ids")))
    tags.put(connection, key.id, key.tags)


def change(connection: Connection, key_id: str, **fields: str) -> None:
    connection.execute(update(key_pairs).where(key_pairs.c.id == key_id).values(**fields))


def where(
    connection: Connection, *conditions: ColumnElement[bool], offset: int = 0, limit: int | None = None
) -> list[KeyPair]:
    found = rows.page(connection, key_pairs, conditions, (key_pairs.c.created, key_pairs.c.id), offset, limit)
    ids = [row["id"] for row in found]
    bound: dict[str, list[str]] = {ident: [] for ident in ids}
    for link in connection.execute(select(instance_keys).where(instance_keys.c.key_id.in_(ids))):
        bound[link.key_id].append(link.instance_id)
    labels = tags.of(connection, ids)
    return [
        KeyPair(
            **{name: row[name] for name in ("id", "region", "name", "public_key", "project_id", "description")},
            created=times.moment(row["created"]),
            tags=labels[row["id"]],
            instance_ids=tuple(bound[row["id"]]),
            default=row["default"],
        )
        for row in found
    ]


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, key_pairs, conditions)


def by_ids(connection: Connection, region: str, ids: Sequence[str]) -> dict[str, KeyPair]:
    return {key.id: key for key in where(connection, key_pairs.c.region == region, key_pairs.c.id.in_(ids))}


def remove(connection: Connection, key_id: str) -> None:
    tags.put(connection, key_id, {})
    connection.execute(delete(key_pairs).where(key_pairs.c.id == key_id))


def add_api_key(connection: Connection, secret_id: str, secret_key: str, name: str, created: datetime) -> None:
    touch(connection, secret_id)
    connection.execute(
        insert(api_keys).values(secret_id=secret_id, secret_key=secret_key, name=name, created=times.text(created))
    )


def api_secret(connection: Connection, secret_id: str) -> str | None:
    query = select(api_keys.c.secret_key).where(api_keys.c.secret_id == secret_id, api_keys.c.enabled)
    return connection.execute(query).scalar_one_or_none()


def first_api_key(connection: Connection) -> tuple[str, str] | None:
    """The oldest that is enabled."""
    query = select(api_keys).where(api_keys.c.enabled).order_by(api_keys.c.created, api_keys.c.secret_id)
    row = connection.execute(query).first()
    return (row.secret_id, row.secret_key) if row else None


def all_api_keys(connection: Connection) -> list[ApiKey]:
    """Oldest first, without their secrets."""
    rows = connection.execute(select(api_keys).order_by(api_keys.c.created, api_keys.c.secret_id))
    return [ApiKey(row.secret_id, row.name, row.enabled, times.moment(row.created)) for row in rows]


def disable_api_key(connection: Connection, secret_id: str) -> None:
    touch(connection, secret_id)
    connection.execute(update(api_keys).where(api_keys.c.secret_id == secret_id).values(enabled=False))


def delete_api_key(connection: Connection, secret_id: str) -> None:
    touch(connection, secret_id)
    connection.execute(delete(api_keys).where(api_keys.c.secret_id == secret_id))


def oldest_api_key_made(connection: Connection) -> datetime | None:
    """None when all are deleted."""
    oldest = connection.execute(select(func.min(api_keys.c.created))).scalar_one()
    return times.moment(oldest) if oldest else None
