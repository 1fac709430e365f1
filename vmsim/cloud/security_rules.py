"""The rules of a security group: put in, replaced, taken out, set as a whole.

Every change is one transaction that looks at the version first, so that of two who change the same state one is
refused; when it returns, the lab's filters are what the new rules say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vmsim.cloud import events, firewall, security_groups
from vmsim.cloud.context import Cloud
from vmsim.model import ids
from vmsim.model.errors import Missing, NotFound, Refused, UsageError
from vmsim.model.security_group import Direction, Rule, SecurityGroup
from vmsim.store import security_groups as store

Index = int | None
Indexed = tuple[Index, Rule | None]
"""What names a rule that is there: its place, what it says, or both."""
Becomes = Callable[[SecurityGroup], Mapping[Direction, Sequence[Rule]]]
"""The new rules of the directions that change."""


def insert(
    cloud: Cloud, region: str, ident: str, version: str, direction: Direction, index: Index, new: Sequence[Rule]
) -> None:
    """In this order before the rule at `index`; behind all of them without one."""

    def become(group: SecurityGroup) -> Mapping[Direction, Sequence[Rule]]:
        rules = list(group.rules(direction))
        at = len(rules) if index is None else index
        if not 0 <= at <= len(rules):
            raise _out_of_range(at, len(rules))
        return {direction: [*rules[:at], *new, *rules[at:]]}

    _change(cloud, region, ident, version, become)


def replaced(
    cloud: Cloud, region: str, ident: str, version: str, direction: Direction, new: Sequence[tuple[int, Rule]]
) -> None:
    """Other rules in the places of those that are there."""

    def become(group: SecurityGroup) -> Mapping[Direction, Sequence[Rule]]:
        rules = list(group.rules(direction))
        _check_once([index for index, _ in new])
        for index, rule in new:
            if not 0 <= index < len(rules):
                raise _out_of_range(index, len(rules) - 1)
            rules[index] = rule
        return {direction: rules}

    _change(cloud, region, ident, version, become)


def removed(
    cloud: Cloud, region: str, ident: str, version: str, direction: Direction, named: Sequence[Indexed]
) -> None:
    """All that are named, or none."""

    def become(group: SecurityGroup) -> Mapping[Direction, Sequence[Rule]]:
        rules = group.rules(direction)
        gone = [_place(rules, index, rule) for index, rule in named]
        _check_once(gone)
        return {direction: [rule for index, rule in enumerate(rules) if index not in gone]}

    _change(cloud, region, ident, version, become)


def reset(cloud: Cloud, region: str, ident: str, rules: Mapping[Direction, Sequence[Rule]]) -> None:
    """Exactly these, in the directions that are given, whatever the version was."""
    _change(cloud, region, ident, "", lambda _: rules)


def _change(cloud: Cloud, region: str, ident: str, version: str, become: Becomes) -> None:
    ids.check("sg", ident)
    with cloud.store.writing() as connection:
        group = security_groups.require(connection, region, ident)
        if version and version != str(group.version):
            raise Refused(
                f"The rules of {ident} are version {group.version} by now, not {version}.",
                hint="Describe them, and decide anew.",
                code="UnsupportedOperation.VersionMismatch",
            )
        now = cloud.clock.now()
        for direction, rules in become(group).items():
            security_groups.check_rules(connection, region, rules)
            # What was there already keeps the moment of its own last change.
            dated = [rule if rule.modified else replace(rule, modified=now) for rule in rules]
            store.put_rules(connection, group, direction, dated, now)
        text = f"rules of {ident} changed: version {group.version + 1}"
        events.record(cloud, connection, "request", text, data={"security_group": ident})
    firewall.apply(cloud)
    cloud.news.ring()


def _place(rules: Sequence[Rule], index: Index, rule: Rule | None) -> int:
    """Where a rule stands that is named by its place, by what it says, or by both, which must agree."""
    if index is None:
        if rule is None:
            raise Missing("A rule is named by its PolicyIndex, or by what it says.", code="MissingParameter")
        found = [place for place, one in enumerate(rules) if one.meaning == rule.meaning]
        if not found:
            raise NotFound("such rule", f"in this direction ({len(rules)} are there)", code="ResourceNotFound")
        return found[0]
    if not 0 <= index < len(rules):
        raise _out_of_range(index, len(rules) - 1)
    if rule is not None and rule.meaning != rules[index].meaning:
        raise UsageError(f"The rule at PolicyIndex {index} is another one.", code="InvalidParameterValue")
    return index


def _check_once(places: Sequence[int]) -> None:
    if len(set(places)) < len(places):
        raise UsageError("A rule is named twice.", code="InvalidParameterValue")


def _out_of_range(index: int, last: int) -> UsageError:
    if last < 0:
        text = f"PolicyIndex is {index}; there is no rule in this direction."
        return UsageError(text, code="InvalidParameterValue.Range")
    return UsageError(f"PolicyIndex is {index}; it is 0 to {last}.", code="InvalidParameterValue.Range")
