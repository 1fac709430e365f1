"""Client tokens: a request that is sent again gets the first answer again."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from vmsim.store.schema import client_tokens as table

KEPT_SECONDS = 24 * 3600.0


def answer(connection: Connection, action: str, region: str, token: str) -> tuple[str, list[str]] | None:
    """(digest of the request, ids it made), or None."""
    query = select(table).where(table.c.action == action, table.c.token == token, table.c.region == region)
    row = connection.execute(query).first()
    return (row.digest, list(row.ids)) if row else None


def remember(
    connection: Connection, action: str, region: str, token: str, digest: str, ids: list[str], at: float
) -> None:
    connection.execute(delete(table).where(table.c.at < at - KEPT_SECONDS))
    connection.execute(insert(table).values(action=action, token=token, region=region, digest=digest, ids=ids, at=at))
