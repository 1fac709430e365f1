"""Describing instances: filters as columns of the database, so that the cost grows with the page, not the home."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, String, Table, bindparam, or_, select, type_coerce

from vmsim.cloud.context import Cloud
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance
from vmsim.store import instances, times
from vmsim.store.schema import instances as table
from vmsim.store.schema import tags

T = TypeVar("T")

LONGEST_NUMBER = 18
MOST_QUESTIONS = 256
_NO_PROJECT = -1


@dataclass(frozen=True)
class Page(Generic[T]):
    """`total` counts all that match, `items` are those of this page."""

    total: int
    items: tuple[T, ...]


@dataclass(frozen=True)
class Filter:
    """Any of the values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class InstanceQuery:
    """`region` None is every region; filters are joined by AND."""

    region: str | None = None
    ids: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    offset: int = 0
    limit: int | None = 100


def query(cloud: Cloud, asked: InstanceQuery) -> Page[Instance]:
    """The page and the total. Raises UsageError for an unknown filter or a bad value."""
    page = query_ids(cloud, asked)
    found = records(cloud, page.items)
    return Page(page.total, tuple(found[ident] for ident in page.items if ident in found))


def records(cloud: Cloud, ids: Sequence[str]) -> dict[str, Instance]:
    """As they were last written; one that is not there is missing."""
    as_of = cloud.store.kept.now()
    found: dict[str, Instance] = cloud.store.kept.get("record", ids)
    missing = [ident for ident in ids if ident not in found]
    if missing:
        with cloud.store.reading() as connection:
            read = instances.by_ids(connection, missing)
        cloud.store.kept.put("record", read, as_of)
        found |= read
    return found


def query_ids(cloud: Cloud, asked: InstanceQuery) -> Page[str]:
    """As `query`, the ids alone."""
    values = [_READ.get(one.name, tuple)(one.values) for one in asked.filters]
    shape = tuple((one.name, len(found)) for one, found in zip(asked.filters, values, strict=True))
    question = _question(shape, bool(asked.ids), asked.region is not None)
    given: dict[str, Any] = {
        _place(number, each): value for number, found in enumerate(values) for each, value in enumerate(found)
    }
    if asked.ids:
        given["ids"] = asked.ids
    if asked.region is not None:
        given["region"] = asked.region
    return Page(*question.ask(cloud.store, given, asked.offset, asked.limit))


@lru_cache(MOST_QUESTIONS)
def _question(shape: tuple[tuple[str, int], ...], by_id: bool, in_region: bool) -> instances.Question:
    """The question with these filters, each with so many values: making it takes longer than answering it."""
    matching = [
        _meaning(table.c.id, _FILTERS, name, [bindparam(_place(number, each)) for each in range(count)])
        for number, (name, count) in enumerate(shape)
    ]
    if by_id:
        matching.append(table.c.id.in_(bindparam("ids", expanding=True)))
    few = by_id or any(name.startswith("tag:") for name, _ in shape)
    if in_region:
        matching.append((_unindexed(table.c.region) if few else table.c.region) == bindparam("region"))
    order = (_unindexed(table.c.created).desc(), table.c.id) if few else instances.NEWEST_FIRST
    return instances.Question(*matching, order=order)


def _place(number: int, each: int) -> str:
    """What a filter's value is called in the statement."""
    return f"filter_{number}_{each}"


def _unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column for comparing, not for finding: SQLite takes a region to hold ten rows and would walk through all."""
    return column.op("||")("")


def tag_condition(owner: ColumnElement[str], name: str, values: Sequence[Any]) -> ColumnElement[bool] | None:
    """tag-key, tag-value and tag:<key> mean the same everywhere."""
    owners = select(tags.c.owner_id)
    if name == "tag-key":
        return owner.in_(owners.where(tags.c.key.in_(values)))
    if name == "tag-value":
        return owner.in_(owners.where(tags.c.value.in_(values)))
    if name.startswith("tag:"):
        return owner.in_(owners.where(tags.c.key == name.removeprefix("tag:"), tags.c.value.in_(values)))
    return None


Filters = Mapping[str, Callable[[Sequence[Any]], ColumnElement[bool]]]
"""What each filter of a noun means, by its published name; of values, or of parameters that stand for them."""


def conditions(
    noun: Table, filters: Filters, region: str | None, ids: Sequence[str], asked: Sequence[Filter]
) -> list[ColumnElement[bool]]:
    """Rows of this region (None is every one), with one of these ids (none is any), that meet every filter."""
    found = [condition(noun.c.id, filters, one) for one in asked]
    if region is not None:
        found.append(noun.c.region == region)
    if ids:
        found.append(noun.c.id.in_(ids))
    return found


def condition(owner: ColumnElement[str], filters: Filters, asked: Filter) -> ColumnElement[bool]:
    """One filter as a condition; those by tag are about the noun's id, `owner`."""
    return _meaning(owner, filters, asked.name, asked.values)


def _meaning(owner: ColumnElement[str], filters: Filters, name: str, values: Sequence[Any]) -> ColumnElement[bool]:
    by_tag = tag_condition(owner, name, values)
    if by_tag is not None:
        return by_tag
    make = filters.get(name)
    if make is None:
        raise UsageError(
            f"There is no filter {name!r}.",
            hint=f"Known: {', '.join(filters)}, tag-key, tag-value, tag:<key>.",
            code="InvalidFilter",
        )
    if not values:
        raise UsageError(f"Filter {name} has no value.", code="InvalidFilter")
    return make(values)


def _is(column: ColumnElement[Any]) -> Callable[[Sequence[Any]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _nothing(_values: Sequence[Any]) -> ColumnElement[bool]:
    """What no instance here has: a dedicated host, an IPv6 address."""
    return table.c.id.in_(())


def project_numbers(values: Sequence[str]) -> list[int]:
    """Those that can be a project's number; no longer one fits into the database, or exists."""
    return [int(value) for value in values if value.isdecimal() and len(value) <= LONGEST_NUMBER]


def _in_groups(values: Sequence[Any]) -> ColumnElement[bool]:
    text = type_coerce(table.c.security_group_ids, String)
    return or_(*(text.contains(value, escape="/") for value in values))


def _group(value: str) -> str:
    """As it stands in the JSON, for LIKE."""
    return '"{}"'.format(value.replace("/", "//").replace("%", "/%").replace("_", "/_"))


def _time(value: str) -> str:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return times.text(datetime.strptime(value, form).replace(tzinfo=timezone.utc))
        except ValueError:
            continue
    raise UsageError(f"{value!r} is not a time.", code="InvalidParameterValue.InvalidTimeFormat")


_FILTERS: Filters = {
    "zone": _is(table.c.zone),
    "project-id": _is(table.c.project_id),
    "host-id": _nothing,
    "dedicated-cluster-id": _nothing,
    "vpc-id": _is(table.c.vpc_id),
    "subnet-id": _is(table.c.subnet_id),
    "instance-id": _is(table.c.id),
    "uuid": _is(table.c.uuid),
    "security-group-id": _in_groups,
    "instance-name": _is(table.c.name),
    "instance-charge-type": _is(table.c.charge_type),
    "instance-state": _is(table.c.state),
    "private-ip-address": _is(table.c.private_ip),
    "public-ip-address": _is(table.c.public_ip),
    "ipv6-address": _nothing,
    "creation-start-time": lambda values: table.c.created >= values[0],
    "creation-end-time": lambda values: table.c.created <= values[0],
}
_READ: Mapping[str, Callable[[Sequence[str]], Sequence[Any]]] = {
    "project-id": lambda values: project_numbers(values) or [_NO_PROJECT for _ in values[:1]],
    "security-group-id": lambda values: [_group(value) for value in values],
    "creation-start-time": lambda values: [_time(value) for value in values[:1]],
    "creation-end-time": lambda values: [_time(value) for value in values[:1]],
}
"""What is compared, where that is not the values as they came."""
