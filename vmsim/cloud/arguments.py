"""Reading an operation's arguments: clear errors for what a caller may get wrong."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

from vmsim.model.errors import Missing, UsageError

E = TypeVar("E", bound=Enum)


def known(arguments: dict[str, Any], *names: str) -> None:
    """Refuse what the operation does not know."""
    unknown = sorted(set(arguments) - set(names))
    if unknown:
        raise UsageError(f"Unknown argument {unknown[0]!r}; known: {', '.join(names) or 'none'}.")


def text(arguments: dict[str, Any], name: str) -> str:
    value = arguments.get(name)
    if value is None or value == "":
        raise Missing(f"{name} is missing.", code="MissingParameter")
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {value!r}.", code="InvalidParameterValue")
    return value


def choice(arguments: dict[str, Any], name: str, kind: type[E], default: E) -> E:
    value = arguments.get(name)
    if value is None:
        return default
    try:
        return kind(value)
    except ValueError as error:
        names = ", ".join(str(one.value) for one in kind)
        raise UsageError(f"{name} is {value!r}; it must be one of {names}.", code="InvalidParameterValue") from error


def whole(arguments: dict[str, Any], name: str) -> int:
    value = arguments.get(name)
    if value is None:
        raise Missing(f"{name} is missing.", code="MissingParameter")
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} must be a whole number, not {value!r}.", code="InvalidParameterValue")
    return value


def seconds(arguments: dict[str, Any], name: str, default: float) -> float:
    """A positive time, or the default where it is absent."""
    value = arguments.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86400:
        raise UsageError(f"{name} is {value!r}; it must be seconds, at most 86400.", code="InvalidParameterValue")
    return float(value)


def names(arguments: dict[str, Any], name: str) -> tuple[str, ...]:
    """A list of text without repetitions, at least one."""
    value = arguments.get(name)
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{name} must be a list of text.", code="InvalidParameterValue")
    if not value:
        raise Missing(f"{name} is empty.", code="MissingParameter")
    return tuple(dict.fromkeys(value))
