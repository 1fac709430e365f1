"""What lists have in common: ids, filters and pages, with the limits and codes that are published for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.cloud.query import Filter
from vmsim.model import ids
from vmsim.model.errors import Missing, UsageError

MOST_IDS = 100
MOST_FILTERS = 10
LIMIT = 20
LARGEST_LIMIT = 100
TOO_MANY = "InvalidParameterValue.LimitExceeded"


def required_ids(params: Mapping[str, Any], name: str, prefix: str) -> tuple[str, ...]:
    """The ids of a list that may not be empty, each once."""
    found = given_ids(params, name, prefix)
    if not found:
        raise Missing(f"{name} is empty.", code="MissingParameter")
    return found


def given_ids(params: Mapping[str, Any], name: str, prefix: str) -> tuple[str, ...]:
    """The ids of a list, each once; () when it is empty or absent."""
    given = params.get(name, [])
    if len(given) > MOST_IDS:
        raise UsageError(f"{name} has {len(given)} ids; at most {MOST_IDS} are allowed.", code=TOO_MANY)
    return tuple(dict.fromkeys(ids.check(prefix, text) for text in given))


def filters(params: Mapping[str, Any], *, most_values: int = 5) -> tuple[Filter, ...]:
    """The filters of a Describe… request."""
    given = params.get("Filters", [])
    if len(given) > MOST_FILTERS:
        raise UsageError(f"There are {len(given)} filters; at most {MOST_FILTERS} are allowed.", code=TOO_MANY)
    for item in given:
        if len(item["Values"]) > most_values:
            raise UsageError(
                f"Filter {item['Name']} has {len(item['Values'])} values; at most {most_values} are allowed.",
                code="InvalidFilterValue.LimitExceeded",
            )
    return tuple(Filter(item["Name"], tuple(item["Values"])) for item in given)


def not_both(
    named: tuple[str, ...], filtered: tuple[Filter, ...], ids_name: str, code: str = "InvalidParameter"
) -> None:
    """Ids and filters exclude each other."""
    if named and filtered:
        raise UsageError(f"{ids_name} and Filters exclude each other.", code=code)


def offset(params: Mapping[str, Any], code: str = TOO_MANY) -> int:
    """Offset, 0 by default."""
    given: int = params.get("Offset", 0)
    if given < 0:
        raise UsageError(f"Offset is {given}; it starts at 0.", code=code)
    return given


def limit(params: Mapping[str, Any], code: str = TOO_MANY) -> int:
    """Limit, 20 by default."""
    given: int = params.get("Limit", LIMIT)
    if not 1 <= given <= LARGEST_LIMIT:
        raise UsageError(f"Limit is {given}; it is 1 to {LARGEST_LIMIT}.", code=code)
    return given
