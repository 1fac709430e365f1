"""What VPC's lists have in common, where it is not as in CVM: Offset and Limit are text, and codes of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api import paging
from vmsim.cloud.query import Filter
from vmsim.model.errors import UsageError

_RANGE = "InvalidParameterValue.Range"
_LONGEST = 9


def asked(params: Mapping[str, Any], ids_name: str, prefix: str) -> tuple[tuple[str, ...], tuple[Filter, ...]]:
    """The ids and the filters; not both."""
    named = paging.given_ids(params, ids_name, prefix)
    filtered = paging.filters(params)
    paging.not_both(named, filtered, ids_name, "InvalidParameter.Coexist")
    return named, filtered


def offset(params: Mapping[str, Any]) -> int:
    """Offset, "0" by default."""
    return _number(params, "Offset", 0)


def limit(params: Mapping[str, Any]) -> int:
    """Limit, "20" by default."""
    given = _number(params, "Limit", paging.LIMIT)
    if not 1 <= given <= paging.LARGEST_LIMIT:
        raise UsageError(f"Limit is {given}; it is 1 to {paging.LARGEST_LIMIT}.", code=_RANGE)
    return given


def _number(params: Mapping[str, Any], name: str, default: int) -> int:
    given: str = params.get(name, "") or str(default)
    if not (given.isascii() and given.isdecimal() and len(given) <= _LONGEST):
        raise UsageError(f"{name} is {given!r}; it is a number from 0 on, as text.", code=_RANGE)
    return int(given)
