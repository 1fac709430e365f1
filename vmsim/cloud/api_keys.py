"""Keys of the API: one for each caller that should be told apart.

The first is made with the home. `vmsim env` reads one from a file of the home's (0600): always the oldest that is
enabled, so that disabling or deleting it moves on to the next. The last enabled one stays, or nobody could ask.
The file follows the database and can be made again from it.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import replace

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.model.api_key import ApiKey
from vmsim.model.errors import InUse, NotFound, Refused, UsageError
from vmsim.store import key_pairs

_SECRET = "secret"
LONGEST_NAME = 60
_FIRST = "first"
_LETTERS = string.ascii_letters + string.digits


def secret_of(cloud: Cloud, secret_id: str) -> str | None:
    """The secret key of an enabled key, or None."""
    as_of = cloud.store.kept.now()
    found: dict[str, str] = cloud.store.kept.get(_SECRET, [secret_id])
    if not found:
        with cloud.store.reading() as connection:
            secret = key_pairs.api_secret(connection, secret_id)
        found = {secret_id: secret} if secret is not None else {}
        cloud.store.kept.put(_SECRET, found, as_of)
    return found.get(secret_id)


def listing(cloud: Cloud) -> list[ApiKey]:
    """Oldest first."""
    with cloud.store.reading() as connection:
        return key_pairs.all_api_keys(connection)


def create(cloud: Cloud, name: str) -> tuple[ApiKey, str]:
    """A new key and its secret, which is told this once."""
    _check_name(name)
    with cloud.store.writing() as connection:
        if any(name in (key.name, key.secret_id) for key in key_pairs.all_api_keys(connection)):
            raise Refused(f"There is an API key {name} already.", hint="Choose another name.")
        secret_id, secret_key = _add(cloud, connection, name)
        (made,) = (key for key in key_pairs.all_api_keys(connection) if key.secret_id == secret_id)
    return made, secret_key


def disable(cloud: Cloud, ident: str) -> ApiKey:
    """Let it in no more; it stays listed. Harmless when it is disabled already."""
    with cloud.store.writing() as connection:
        found = _dispensable(connection, ident)
        key_pairs.disable_api_key(connection, found.secret_id)
    ensure_first(cloud)
    return replace(found, enabled=False)


def delete(cloud: Cloud, ident: str) -> ApiKey:
    with cloud.store.writing() as connection:
        found = _dispensable(connection, ident)
        key_pairs.delete_api_key(connection, found.secret_id)
    ensure_first(cloud)
    return found


def ensure_first(cloud: Cloud) -> None:
    """A key there is, and the file that tells it to `vmsim env`."""
    with cloud.store.writing() as connection:
        told = key_pairs.first_api_key(connection) or _add(cloud, connection, _FIRST)
    path = cloud.home.credentials
    content = json.dumps({"secret_id": told[0], "secret_key": told[1]})
    if path.exists() and path.read_text() == content:
        return
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    temporary.replace(path)


def _dispensable(connection: Connection, ident: str) -> ApiKey:
    """By its id or its name. Raises InUse for the only one that is enabled."""
    known = key_pairs.all_api_keys(connection)
    found = next((key for key in known if ident in (key.secret_id, key.name)), None)
    if found is None:
        raise NotFound("API key", ident, hint="`vmsim key-id list` shows them.")
    if [key for key in known if key.enabled] == [found]:
        raise InUse(
            f"{found.name} ({found.secret_id}) is the only API key that is enabled.",
            hint="Make another first: vmsim key-id create NAME",
        )
    return found


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot be the name of an API key.",
            hint=f"It has 1 to {LONGEST_NAME} printable characters, no spaces around.",
        )


def _add(cloud: Cloud, connection: Connection, name: str) -> tuple[str, str]:
    made = ("AKID" + _random(32), _random(32))
    key_pairs.add_api_key(connection, *made, name, cloud.clock.now())
    return made


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
