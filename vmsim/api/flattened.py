"""Flattened parameters (`Filters.0.Values.1=a`) as a tree of dictionaries; the schema decides later which are lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.model.errors import UsageError

_DEEPEST = 16


def nested(pairs: Mapping[str, str]) -> dict[str, Any]:
    """The tree. Raises UsageError where a name is a value and a group at once, or the tree is absurdly deep."""
    tree: dict[str, Any] = {}
    for name, value in pairs.items():
        *groups, last = name.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
            if not isinstance(place, dict):
                raise _contradiction(name)
        if last in place or len(groups) > _DEEPEST:
            raise _contradiction(name)
        place[last] = value
    return tree


def as_list(tree: Mapping[str, Any]) -> list[Any] | None:
    """The values in the order of their indices (from 0 or 1, gaps allowed); None when the names are no indices."""
    if not all(name.isascii() and name.isdigit() and len(name) < 9 for name in tree):
        return None
    return [tree[name] for name in sorted(tree, key=int)]


def _contradiction(name: str) -> UsageError:
    return UsageError(f"The parameter {name} contradicts another one.", code="InvalidParameter")
