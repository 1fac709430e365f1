"""What the fields of a JSON body may be: each by the type that the cloud takes it as.

    {"name": str, "count": int, "tags": dict[str, str], "data_disks": tuple[DataDiskRequest, ...]}

A number is no text, and true is no number. A null says nothing, as if the field were not there.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from vmsim.model.errors import Malformed

Fields = Mapping[str, Any]
_WORDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def of(record: type, *without: str) -> dict[str, Any]:
    """The fields of a dataclass."""
    return {name: kind for name, kind in get_type_hints(record).items() if name not in without}


def read(data: Mapping[str, Any], known: Fields) -> dict[str, Any]:
    """The values as their types; lists become tuples. Raises Malformed for an unknown field or a bad value."""
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise Malformed(f"Unknown field {unknown[0]!r}.", hint=f"Known: {', '.join(sorted(known))}.")
    return {name: _value(name, value, known[name]) for name, value in data.items() if value is not None}


def _value(name: str, value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _value(name, value, next(one for one in get_args(kind) if one is not type(None)))
    if origin is tuple:
        return tuple(_value(name, one, get_args(kind)[0]) for one in _required(name, value, list, "a list"))
    if origin is dict:
        _, of_value = get_args(kind)
        pairs = _required(name, value, dict, "an object").items()
        return {key: _value(f"{name}.{key}", one, of_value) for key, one in pairs}
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(name, value, kind)
    if kind is float and type(value) is int:
        return value
    return _required(name, value, kind, _WORDS[kind])


def _required(name: str, value: Any, kind: type, words: str) -> Any:
    if type(value) is not kind:
        raise Malformed(f"The field {name!r} must be {words}.")
    return value


def _record(name: str, value: Any, kind: type) -> Any:
    values = read(_required(name, value, dict, "an object"), of(kind))
    try:
        return kind(**values)
    except TypeError as error:
        raise Malformed(f"The field {name!r} is incomplete: {error}.") from error
