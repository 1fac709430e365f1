"""The guest's /etc/passwd and /etc/shadow as text: find a user, set, lock and unlock a password. Pure.

A locked password keeps its hash behind a `*`: no crypt hash contains one, so nothing matches it, and unlike `!` (what
`passwd -l` writes) it does not make OpenSSH without PAM refuse the user's key as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vmsim.model.errors import UsageError

Change = Callable[[str, str], str]
_LOCK = "*"


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int
    home: str


def account(passwd: str, user: str) -> Account:
    """The user's line of /etc/passwd. Raises UsageError when there is none."""
    fields = _fields_of(passwd, user)
    if fields is None or len(fields) < 6:
        raise UsageError(f"The guest has no user {user}.", hint="Users of the image are in its /etc/passwd.")
    return Account(user, int(fields[2]), int(fields[3]), fields[5] or "/")


def with_hash(text: str, user: str, crypt_hash: str, today: int) -> str:
    """/etc/shadow with a new hash, set `today` (days since 1970): zero there would demand another change at login."""
    if _fields_of(text, user) is None:
        return _with_newline(text) + f"{user}:{crypt_hash}:{today}:0:99999:7:::\n"
    return _changed(text, user, lambda fields: [fields[0], crypt_hash, str(today), *fields[3:]])


def with_passwd_field(text: str, user: str, value: str) -> str:
    """/etc/passwd with another second field: `x` sends the guest to /etc/shadow, a hash counts by itself."""
    return _changed(text, user, lambda fields: [fields[0], value, *fields[2:]])


def locked(text: str, user: str) -> str:
    return _changed(
        text,
        user,
        lambda fields: fields if fields[1].startswith(_LOCK) else [fields[0], _LOCK + fields[1], *fields[2:]],
    )


def unlocked(text: str, user: str) -> str:
    """Only what `locked` locked: an image's own `*` or `!` stays."""
    return _changed(
        text,
        user,
        lambda fields: [fields[0], fields[1][1:], *fields[2:]] if fields[1].startswith(_LOCK + "$") else fields,
    )


def has(text: str, user: str) -> bool:
    return _fields_of(text, user) is not None


def _fields_of(text: str, user: str) -> list[str] | None:
    for line in text.splitlines():
        fields = line.split(":")
        if fields[0] == user:
            return fields
    return None


def _changed(text: str, user: str, change: Callable[[list[str]], list[str]]) -> str:
    lines = [line.split(":") for line in text.splitlines()]
    changed = [change(fields) if fields[0] == user and len(fields) > 2 else fields for fields in lines]
    return "".join(":".join(fields) + "\n" for fields in changed)


def _with_newline(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
