"""Requests and replies against the published schema.

A request's parameters come out typed as the schema says: text is made a number or a boolean where the client could only
send text (GET, forms) or does so by habit. Anything the schema does not know is refused, at every depth. A reply is
checked only where a test switches that on: there a breach is our own bug, and raises AssertionError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from vmsim.api import flattened
from vmsim.api.spec import PLAIN_KINDS, Member, Service
from vmsim.model.errors import Missing, UsageError

# The prose of the published schema says that both are null for postpaid instances; its marks do not.
_NULL_IN_PROSE = frozenset({"InstanceSet.RenewFlag", "InstanceSet.ExpiredTime"})
_INT64 = range(-(2**63), 2**63)


def request_parameters(service: Service, action: str, raw: Mapping[str, Any], *, textual: bool) -> dict[str, Any]:
    """The typed parameters. Raises UsageError: UnknownParameter, MissingParameter or InvalidParameter."""
    return _Reader(service, textual).members(service.request(action), raw, "")


class _Reader:
    """Walks the parameters of one request along the schema."""

    def __init__(self, service: Service, textual: bool) -> None:
        self._service = service
        self._textual = textual

    def members(self, object_name: str, raw: Mapping[str, Any], place: str) -> dict[str, Any]:
        known = self._service.members(object_name)
        for name in raw:
            if name not in known:
                raise UsageError(f"The parameter {place}{name} is not known.", code="UnknownParameter")
        # Null is what some clients send for "not given".
        given = {name: value for name, value in raw.items() if value is not None}
        for name, member in known.items():
            if member.required and name not in given:
                raise Missing(f"The parameter {place}{name} is missing.", code="MissingParameter")
        return {name: self._value(known[name], value, f"{place}{name}") for name, value in given.items()}

    def _value(self, member: Member, value: Any, place: str) -> Any:
        if not member.is_list:
            return self._single(member.kind, value, place)
        if self._textual and isinstance(value, dict):
            value = flattened.as_list(value)
        if not isinstance(value, list):
            raise _mistyped(place, "a list")
        return [self._single(member.kind, item, f"{place}.{index}") for index, item in enumerate(value)]

    def _single(self, kind: str, value: Any, place: str) -> Any:
        if kind in PLAIN_KINDS:
            return _READERS[kind](value, place)
        if not isinstance(value, dict):
            raise _mistyped(place, "an object")
        return self.members(kind, value, f"{place}.")


def _string(value: Any, place: str) -> str:
    # A lone surrogate or a NUL can be kept in no database, file or guest.
    if not isinstance(value, str) or "\0" in value or re.search("[\ud800-\udfff]", value):
        raise _mistyped(place, "a string")
    return value


def _int(value: Any, place: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,19}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value not in _INT64:
        raise _mistyped(place, "an integer")
    return value


def _float(value: Any, place: str) -> float:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,19}(\.[0-9]{1,19})?", value):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 2**63:
        raise _mistyped(place, "a number")
    return float(value)


def _bool(value: Any, place: str) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _mistyped(place, "a boolean")
    return value


_READERS: Mapping[str, Callable[[Any, str], Any]] = {"string": _string, "int": _int, "float": _float, "bool": _bool}


def _mistyped(place: str, kind: str) -> UsageError:
    return UsageError(f"The parameter {place} is not {kind}.", code="InvalidParameter")


def check_reply(service: Service, action: str, reply: Mapping[str, Any]) -> None:
    """Raises AssertionError naming the first member that the schema has otherwise."""
    _check_members(service, service.reply(action), reply, "")


def _check_members(service: Service, object_name: str, reply: Mapping[str, Any], place: str) -> None:
    known = service.members(object_name)
    for name in reply:
        assert name in known, f"{place}{name} is not in {object_name}"
    for name, member in known.items():
        assert name in reply or not member.always, f"{place}{name} is missing"
        if name in reply:
            _check_value(service, member, reply[name], f"{place}{name}")


def _check_value(service: Service, member: Member, value: Any, place: str) -> None:
    if value is None:
        assert member.nullable or place in _NULL_IN_PROSE, f"{place} is null"
        return
    assert isinstance(value, list) == member.is_list, f"{place}: {value!r} should be a list, or should not"
    for item in value if member.is_list else [value]:
        if member.kind not in PLAIN_KINDS:
            assert isinstance(item, dict), f"{place}: {item!r} is no {member.kind}"
            _check_members(service, member.kind, item, f"{place}.")
        else:
            assert _CHECKS[member.kind](item), f"{place}: {item!r} is no {member.kind}"


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda item: isinstance(item, str),
    "int": lambda item: type(item) is int,
    "float": lambda item: type(item) in (int, float) and math.isfinite(item),
    "bool": lambda item: isinstance(item, bool),
}
