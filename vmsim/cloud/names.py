"""Names of instances and of hosts: Tencent's patterns, and what a host name may be.

`{R:3}` becomes 3, 4, 5 … for a batch; `{R:3,F:2}` pads to two digits. A batch without a pattern is numbered 1..n.
In a host name `{IP}` is the private address, with dashes: a dot would begin another label.
"""

from __future__ import annotations

import re

from vmsim.model.errors import UsageError

LONGEST_NAME = 128
_ADDRESS = "{IP}"
_PATTERN = re.compile(r"\{R:(\d{1,18})(?:,F:([0-8]))?\}")


def expanded(name: str, count: int, *, default: str) -> tuple[str, ...]:
    """One name for each instance of a batch. Raises UsageError when one would be too long."""
    if not name:
        name = default
    names = tuple(_numbered(name, number) for number in range(count))
    if count > 1 and not _PATTERN.search(name):
        names = tuple(f"{name}{number + 1}" for number in range(count))
    for one in names:
        check(one)
    return names


def check(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise UsageError(f"A name has at most {LONGEST_NAME} characters.", code="InvalidInstanceName.TooLong")
    if not name or name.startswith("ins-") or name != name.strip() or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot be a name: `ins-` is for ids, and it needs printable characters without spaces around.",
            code="InvalidParameterValue",
        )
    return name


def host_name(asked: str, instance_id: str, number: int, count: int, address: str) -> str:
    """The guest's host name; its id where none was asked for."""
    if not asked:
        return instance_id
    name = _numbered(asked, number).replace(_ADDRESS, address.replace(".", "-"))
    if count > 1 and not _PATTERN.search(asked) and _ADDRESS not in asked:
        name = f"{name}{number + 1}"
    return check_host_name(name)


def check_host_name(name: str) -> str:
    labels = name.split(".")
    legal = 2 <= len(name) <= 60 and all(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", one) for one in labels)
    if not legal or "--" in name:
        raise UsageError(
            f"{name!r} cannot be a host name: 2 to 60 letters, digits and single dashes, dots between labels.",
            code="InvalidParameterValue.IllegalHostName",
        )
    return name


def _numbered(name: str, number: int) -> str:
    def value(match: re.Match[str]) -> str:
        return str(int(match[1]) + number).zfill(int(match[2] or 0))

    return _PATTERN.sub(value, name)
