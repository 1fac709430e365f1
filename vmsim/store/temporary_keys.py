"""API keys that end: each with the token that goes with it and the role that it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from vmsim.store import times
from vmsim.store.schema import temporary_keys


@dataclass(frozen=True)
class TemporaryKey:
    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    role: str
    expires: datetime


def add(connection: Connection, key: TemporaryKey) -> None:
    row = {name: getattr(key, name) for name in ("secret_id", "secret_key", "token", "role")}
    connection.execute(insert(temporary_keys).values(**row, expires=times.text(key.expires)))


def one(connection: Connection, secret_id: str) -> TemporaryKey | None:
    row = connection.execute(select(temporary_keys).where(temporary_keys.c.secret_id == secret_id)).mappings().first()
    return TemporaryKey(**{**row, "expires": times.moment(row["expires"])}) if row else None


def newest_of(connection: Connection, role: str) -> TemporaryKey | None:
    """The one that ends last."""
    query = select(temporary_keys).where(temporary_keys.c.role == role).order_by(temporary_keys.c.expires.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    return TemporaryKey(**{**row, "expires": times.moment(row["expires"])}) if row else None


def forget(connection: Connection, before: datetime) -> None:
    """Those that ended before."""
    connection.execute(delete(temporary_keys).where(temporary_keys.c.expires < times.text(before)))
