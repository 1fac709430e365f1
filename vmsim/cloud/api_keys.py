"""Keys of the API: the first one is made with the home and lies in it (0600) for `vmsim env`."""

from __future__ import annotations

import json
import os
import secrets
import string

from vmsim.cloud.context import Cloud
from vmsim.store import key_pairs

_SECRET = "secret"
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


def ensure_first(cloud: Cloud) -> None:
    """Make the first key, and the file that tells it. The file follows the database, so it can be made again."""
    with cloud.store.writing() as connection:
        first = key_pairs.first_api_key(connection)
        if first is None:
            first = ("AKID" + _random(32), _random(32))
            key_pairs.add_api_key(connection, *first, "first", cloud.clock.now())
    path = cloud.home.credentials
    content = json.dumps({"secret_id": first[0], "secret_key": first[1]})
    if path.exists() and path.read_text() == content:
        return
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    temporary.replace(path)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
