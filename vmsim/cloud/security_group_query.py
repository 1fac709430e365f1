"""Describing security groups and the rules of one: filters, orders, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from vmsim.cloud import security_groups
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Filters, Page, conditions, project_numbers
from vmsim.model.errors import NotFound, UsageError
from vmsim.model.security_group import ALL_PORTS, Direction, Rule, SecurityGroup
from vmsim.store import security_groups as store
from vmsim.store.schema import security_groups as table

_ORDERS = {"CreatedTime": table.c.created, "UpdateTime": table.c.updated}
ORDERS = frozenset(_ORDERS)
_ANY = "ALL"
_BOUND = {Direction.INGRESS: "INBOUND", Direction.EGRESS: "OUTBOUND"}


@dataclass(frozen=True)
class GroupQuery:
    """Filters are joined by AND; without an order the newest come first."""

    region: str
    ids: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: str = ""
    descending: bool = False
    offset: int = 0
    limit: int | None = 100


@dataclass(frozen=True)
class Placed:
    """A rule and where it stands among those of its direction."""

    direction: Direction
    index: int
    rule: Rule


def query(cloud: Cloud, asked: GroupQuery) -> Page[SecurityGroup]:
    """The page and the total. Raises NotFound for an id that is not there, UsageError for an unknown filter."""
    matching = conditions(table, _FILTERS, asked.region, asked.ids, asked.filters)
    order: tuple[ColumnElement[str], ...] | None = None
    if asked.order:
        column = _ORDERS[asked.order]
        order = (column.desc() if asked.descending else column.asc(), table.c.id)
    with cloud.store.reading() as connection:
        total = store.count(connection, *matching)
        if total < len(asked.ids):
            there = {one.id for one in store.where(connection, *matching)}
            raise NotFound("security group", next(one for one in asked.ids if one not in there))
        found = store.where(connection, *matching, order=order, offset=asked.offset, limit=asked.limit)
    return Page(total, tuple(found))


def rules(cloud: Cloud, region: str, ident: str, filters: Sequence[Filter]) -> tuple[SecurityGroup, tuple[Placed, ...]]:
    """A group and those of its rules that match, in order, each where it stands."""
    for asked in filters:
        if asked.name not in _OF_RULES:
            raise UsageError(
                f"There is no filter {asked.name!r}.", hint=f"Known: {', '.join(_OF_RULES)}.", code="InvalidFilter"
            )
    group = security_groups.get(cloud, region, ident)
    return group, tuple(
        placed
        for placed in _placed(group)
        if all(any(_OF_RULES[asked.name](placed, value) for value in asked.values) for asked in filters)
    )


def _placed(group: SecurityGroup) -> Iterator[Placed]:
    for direction in Direction:
        yield from (Placed(direction, index, rule) for index, rule in enumerate(group.rules(direction)))


def _address(rule: Rule) -> str:
    return rule.cidr_text or rule.cidr6


_FILTERS: Filters = {
    "security-group-id": lambda values: table.c.id.in_(values),
    "project-id": lambda values: table.c.project_id.in_(project_numbers(values)),
    "security-group-name": lambda values: table.c.name.in_(values),
}
_OF_RULES: dict[str, Callable[[Placed, str], bool]] = {
    "security-group-id": lambda placed, value: placed.rule.group_id == value,
    "ip": lambda placed, value: bool(value) and value in _address(placed.rule),
    # There are no templates here, so no rule has one.
    "address-module": lambda _placed, _value: False,
    "service-module": lambda _placed, _value: False,
    "protocol-type": lambda placed, value: placed.rule.protocol.value == value.upper(),
    "port": lambda placed, value: value.upper() == ALL_PORTS or value in placed.rule.ports,
    "poly": lambda placed, value: value.upper() in (_ANY, placed.rule.verdict.value),
    "direction": lambda placed, value: value.upper() in (_ANY, _BOUND[placed.direction]),
    "description": lambda placed, value: value in placed.rule.description,
}
