"""Keys for a role: they end by themselves, and their token must come with them.

A role has one key at a time, given to everyone who asks, until it is about to end: clients renew theirs five minutes
before, and must then find one that lasts.
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timedelta

from vmsim.cloud.context import Cloud
from vmsim.model.errors import UsageError
from vmsim.store import temporary_keys
from vmsim.store.temporary_keys import TemporaryKey

LASTS = timedelta(hours=2)
RENEWED = timedelta(minutes=10)
"""So long before its end a key is given out no more."""
KNOWN_AFTER = timedelta(days=1)
"""So long its holder still hears that it has ended, and not that there is no such key."""
_LETTERS = string.ascii_letters + string.digits


def of_role(cloud: Cloud, role: str) -> TemporaryKey:
    """The role's key of now, made when there is none."""
    now = cloud.clock.now()
    with cloud.store.reading() as connection:
        found = temporary_keys.newest_of(connection, role)
    if not _lasts(found, now):
        with cloud.store.writing() as connection:
            found = temporary_keys.newest_of(connection, role)
            if not _lasts(found, now):
                found = _made(role, now)
                temporary_keys.forget(connection, now - KNOWN_AFTER)
                temporary_keys.add(connection, found)
    assert found is not None
    return found


def secret_of(cloud: Cloud, secret_id: str, token: str) -> str | None:
    """The secret key; None when there is no such key. Raises UsageError when the token is another, or it has ended."""
    with cloud.store.reading() as connection:
        key = temporary_keys.one(connection, secret_id)
    if key is None:
        return None
    if not secrets.compare_digest(key.token.encode(), token.encode("utf-8", "surrogatepass")):
        raise UsageError("The Token is not the one of this temporary key.", code="AuthFailure.TokenFailure")
    if key.expires <= cloud.clock.now():
        raise UsageError(
            f"The temporary key has ended at {key.expires:%Y-%m-%dT%H:%M:%SZ}.",
            hint="Ask the metadata for the one of now.",
            code="AuthFailure.TokenFailure",
        )
    return key.secret_key


def role_behind(cloud: Cloud, secret_id: str) -> str:
    """The role that a temporary key stands for; "" of any other key."""
    with cloud.store.reading() as connection:
        key = temporary_keys.one(connection, secret_id)
    return key.role if key is not None else ""


def _lasts(key: TemporaryKey | None, now: datetime) -> bool:
    return key is not None and key.expires > now + RENEWED


def _made(role: str, now: datetime) -> TemporaryKey:
    return TemporaryKey("AKID" + _random(64), _random(44), _random(128), role, (now + LASTS).replace(microsecond=0))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
