"""Parameters and values that are valid in the cloud and not simulated here: refused by name, never ignored.

A table says for each place in a request what is simulated; "not asked for" (absent, empty, zero, false) always is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vmsim.model.errors import NotSimulated, UsageError


@dataclass(frozen=True)
class Only:
    """What of a parameter is simulated, and which other values the cloud publishes."""

    simulated: frozenset[str] = frozenset()
    published: frozenset[str] | None = None
    """None: any value is one in the cloud."""


def only(*simulated: str, of: str | None = None) -> Only:
    """The values that are simulated; `of` lists, in one text, those that the cloud knows besides."""
    return Only(frozenset(simulated), None if of is None else frozenset({*simulated, *of.split()}))


NOTHING = Only()


def refuse(params: Mapping[str, Any], table: Mapping[str, Only]) -> None:
    """Raises NotSimulated, or UsageError for a value that nobody knows."""
    for place, rule in table.items():
        for value in _at(params, place.split(".")):
            _check(place, value, rule)


def drop(params: dict[str, Any], places: Iterable[str]) -> None:
    """Take away what has no effect, so that nothing can come of it."""
    for place in places:
        *groups, last = place.split(".")
        for group in _at(params, groups):
            for one in group if isinstance(group, list) else [group]:
                one.pop(last, None)


def _check(place: str, value: Any, rule: Only) -> None:
    if not value or (isinstance(value, str) and value in rule.simulated):
        return
    if rule.published is not None and value not in rule.published:
        known = ", ".join(sorted(rule.published))
        raise UsageError(f"{place} is {value!r}; it must be one of {known}.", code="InvalidParameterValue")
    raise NotSimulated(_words(place, value, rule))


def not_simulated(place: str) -> NotSimulated:
    return NotSimulated(_words(place, None, NOTHING))


def _words(place: str, value: Any, rule: Only) -> str:
    if not rule.simulated:
        return f"The parameter {place} is not simulated."
    return f"{place}={value} is not simulated; {', '.join(sorted(rule.simulated))} is."


def _at(value: Any, place: list[str]) -> Iterator[Any]:
    """Every value at a place; a list on the way stands for each of its items."""
    if isinstance(value, list) and place:
        for item in value:
            yield from _at(item, place)
    elif not place:
        yield value
    elif place[0] in value:
        yield from _at(value[place[0]], place[1:])
