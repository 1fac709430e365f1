"""Client tokens: a request that is sent again gets the first answer again."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from vmsim.store.schema import client_tokens

KEPT_SECONDS = 24 * 3600.0


def answer(connection: Connection, region: str, token: str) -> tuple[str, list[str]] | None:
    """(digest of the request, ids it made), or None."""
    query = select(client_tokens).where(client_tokens.c.token == token, client_tokens.c.region == region)
    row = connection.execute(query).first()
    return (row.digest, list(row.instance_ids)) if row else None


def remember(connection: Connection, region: str, token: str, digest: str, ids: list[str], at: float) -> None:
    connection.execute(delete(client_tokens).where(client_tokens.c.at < at - KEPT_SECONDS))
    connection.execute(insert(client_tokens).values(token=token, region=region, digest=digest, instance_ids=ids, at=at))
