"""multipart/form-data, as Tencent's SDKs send it: a part a parameter, objects and lists as application/json."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vmsim.model.errors import UsageError

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(r';\s*name="([^"]*)"', re.IGNORECASE)
_MOST_PARTS = 1000


@dataclass(frozen=True)
class Part:
    """One parameter; `is_json` tells how its value is to be read."""

    name: str
    is_json: bool
    value: bytes


def parts(body: bytes, content_type: str) -> list[Part]:
    """The parts in their order. Raises UsageError where the body is not what its Content-Type says."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _malformed("its Content-Type has no boundary")
    if not body:
        return []  # the SDK sends nothing at all for an action without parameters
    mark = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1")
    _, *pieces = (b"\r\n" + body).split(mark, _MOST_PARTS + 1)
    if not pieces or not pieces[-1].startswith(b"--"):
        raise _malformed("it does not end with its boundary")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    head, blank, value = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    headers = dict(_header(line) for line in head.decode("latin-1").split("\r\n") if line)
    named = _NAME.search(headers.get("content-disposition", ""))
    if not blank or named is None:
        raise _malformed("a part has no name")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Part(named[1], kind == "application/json", value)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _malformed(why: str) -> UsageError:
    return UsageError(f"The body is not multipart/form-data: {why}.", code="InvalidParameter")
