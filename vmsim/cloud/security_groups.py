"""Security groups of a region: made, changed, copied and deleted. Their rules are changed by `security_rules.py`.

A group that is made has no rules and lets nothing pass. Every project of a region has a default group, made at its
first use, that lets everything pass: instances that name no group are in it. So an instance always has a group; one
without is a record of a home that is older than groups, and `adopt` gives it the default one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.model import ids, regions, tag
from vmsim.model.errors import InUse, NotFound, OutOfResources, Refused, UsageError
from vmsim.model.launch import LaunchRequest
from vmsim.model.security_group import (
    ANYWHERE,
    MOST_OF_A_REGION,
    MOST_OF_AN_INSTANCE,
    MOST_RULES,
    Direction,
    Protocol,
    Rule,
    SecurityGroup,
    Verdict,
)
from vmsim.store import instances, security_groups
from vmsim.store.schema import security_groups as table

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 100
_TOO_LONG = "InvalidParameterValue.TooLong"
_EVERYTHING = Rule(Protocol.ALL, Verdict.ACCEPT, cidr=ANYWHERE)


@dataclass(frozen=True)
class GroupRequest:
    """What is asked of a group that is to be made."""

    name: str
    description: str = ""
    project_id: int = 0
    tags: Mapping[str, str] | None = None
    rules: Mapping[Direction, Sequence[Rule]] | None = None


@dataclass(frozen=True)
class Uses:
    """Who needs a group: `instance_ids` are in it, the rules of `group_ids` name it."""

    group: SecurityGroup
    instance_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


def create(cloud: Cloud, region: str, asked: GroupRequest) -> SecurityGroup:
    """Without rules it denies everything, both ways; those that it begins with name groups that are there."""
    with cloud.store.writing() as connection:
        made = add(cloud, connection, region, asked)
    cloud.news.ring()
    return made


def add(cloud: Cloud, connection: Connection, region: str, asked: GroupRequest) -> SecurityGroup:
    """As `create`, inside a transaction. Default groups come of themselves and are not counted."""
    _check_words(asked.name, asked.description)
    labels = dict(asked.tags or {})
    for key, value in labels.items():
        tag.check_new(key, value)
    if security_groups.count(connection, table.c.region == region, ~table.c.default) >= MOST_OF_A_REGION:
        raise OutOfResources(f"A region holds at most {MOST_OF_A_REGION} security groups.", code="LimitExceeded")
    for rules in (asked.rules or {}).values():
        check_rules(connection, region, rules)
    made = _record(cloud, region, asked)
    tag.check_number(labels, made.id)
    security_groups.add(connection, made)
    events.record(cloud, connection, "request", f"security group {made.id} ({made.name}) created")
    return made


def clone(
    cloud: Cloud, region: str, ident: str, source_region: str, wanted: GroupRequest, *, with_tags: bool
) -> SecurityGroup:
    """Another one with the same rules; an empty name or description is the source's own."""
    ids.check("sg", ident)
    with cloud.store.writing() as connection:
        source = require(connection, regions.region(source_region).name, ident)
        rules = {direction: source.rules(direction) for direction in Direction}
        if source.region != region and any(rule.group_id for each in rules.values() for rule in each):
            raise Refused(
                f"A rule of {source.id} names a group of {source.region}; region {region} does not know it.",
                code="UnsupportedOperation.RemoteRegionSgHasReferencedSg",
            )
        asked = replace(
            wanted,
            name=wanted.name or source.name,
            description=wanted.description or source.description,
            tags={**(source.tags if with_tags else {}), **(wanted.tags or {})},
            rules=rules,
        )
        made = add(cloud, connection, region, asked)
    cloud.news.ring()
    return made


def default(cloud: Cloud, region: str, project_id: int) -> SecurityGroup:
    """The project's, made when there is none yet."""
    with cloud.store.writing() as connection:
        found = default_of(cloud, connection, region, project_id)
    cloud.news.ring()
    return found


def default_of(cloud: Cloud, connection: Connection, region: str, project_id: int) -> SecurityGroup:
    of_project = (table.c.region == region, table.c.project_id == project_id, table.c.default)
    found = security_groups.where(connection, *of_project)
    if found:
        return found[0]
    rules = {direction: (_EVERYTHING,) for direction in Direction}
    asked = GroupRequest("default", "System created security group", project_id, rules=rules)
    made = replace(_record(cloud, region, asked), default=True)
    security_groups.add(connection, made)
    return made


def with_groups(cloud: Cloud, connection: Connection, region: str, request: LaunchRequest) -> LaunchRequest:
    """A launch with the groups that its instances get, in their order."""
    if request.security_group_ids:
        return replace(request, security_group_ids=checked(connection, region, request.security_group_ids))
    return replace(request, security_group_ids=(default_of(cloud, connection, region, request.project_id).id,))


def checked(connection: Connection, region: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Ids that an instance of the region may have together, each once."""
    chosen = tuple(dict.fromkeys(ids.check("sg", one) for one in wanted))
    if len(chosen) > MOST_OF_AN_INSTANCE:
        raise OutOfResources(
            f"{len(chosen)} security groups were named; an instance has at most {MOST_OF_AN_INSTANCE}.",
            code="LimitExceeded.AssociateUSGLimitExceeded",
        )
    for ident in chosen:
        require(connection, region, ident)
    return chosen


def adopt(cloud: Cloud) -> None:
    """Give instances that were made before there were groups the default one of their project."""
    with cloud.store.writing() as connection:
        for (region, project_id), members in instances.without_groups(connection).items():
            group = default_of(cloud, connection, region, project_id)
            for ident in members:
                instances.change(connection, ident, security_group_ids=(group.id,))


def modify(cloud: Cloud, region: str, ident: str, *, name: str | None, description: str | None) -> None:
    """Another name, another description; None leaves it as it is."""
    ids.check("sg", ident)
    given = {key: value for key, value in (("name", name), ("description", description)) if value is not None}
    with cloud.store.writing() as connection:
        found = require(connection, region, ident)
        _check_words(given.get("name", found.name), given.get("description", found.description))
        security_groups.change(connection, ident, **given, updated=cloud.clock.now())
    cloud.news.ring()


def delete(cloud: Cloud, region: str, ident: str) -> None:
    """Neither the default one nor one that is still needed."""
    ids.check("sg", ident)
    with cloud.store.writing() as connection:
        uses = _uses(connection, require(connection, region, ident))
        if uses.group.default:
            raise Refused(f"{ident} is a default security group: it stays.", code="UnsupportedOperation")
        if uses.instance_ids:
            raise InUse(f"Instances are in {ident}: {', '.join(uses.instance_ids[:5])}.", code="ResourceInUse")
        if uses.group_ids:
            raise InUse(f"Rules of {', '.join(uses.group_ids[:5])} name {ident}.", code="ResourceInUse")
        security_groups.remove(connection, ident)
        events.record(cloud, connection, "request", f"security group {ident} ({uses.group.name}) deleted")
    cloud.news.ring()


def get(cloud: Cloud, region: str, ident: str) -> SecurityGroup:
    ids.check("sg", ident)
    with cloud.store.reading() as connection:
        return require(connection, region, ident)


def uses(cloud: Cloud, region: str, named: Sequence[str]) -> tuple[Uses, ...]:
    """Of each of them, in the order of the names."""
    with cloud.store.reading() as connection:
        return tuple(_uses(connection, require(connection, region, ident)) for ident in named)


def require(connection: Connection, region: str, ident: str) -> SecurityGroup:
    """Raises NotFound, for another region's, too."""
    found = security_groups.one(connection, ident)
    if found is None or found.region != region:
        raise NotFound("security group", ident)
    return found


def check_rules(connection: Connection, region: str, rules: Sequence[Rule]) -> None:
    """May these be the rules of one direction of a group?"""
    if len(rules) > MOST_RULES:
        raise OutOfResources(
            f"There would be {len(rules)} rules in one direction; at most {MOST_RULES} are possible.",
            code="LimitExceeded.SecurityGroupPolicySet",
        )
    if len({rule.meaning for rule in rules}) < len(rules):
        raise Refused("Two rules of one direction would say the same.", code="UnsupportedOperation.DuplicatePolicy")
    for ident in {rule.group_id for rule in rules if rule.group_id}:
        require(connection, region, ident)


def _uses(connection: Connection, group: SecurityGroup) -> Uses:
    members = instances.in_group(connection, group.id)
    return Uses(group, tuple(members), tuple(security_groups.naming(connection, group.id)))


def _record(cloud: Cloud, region: str, asked: GroupRequest) -> SecurityGroup:
    """Rules to begin with are its first change: version 0 is a group that never had any."""
    now = cloud.clock.now()
    rules = {
        direction: tuple(replace(rule, modified=now) for rule in (asked.rules or {}).get(direction, ()))
        for direction in Direction
    }
    return SecurityGroup(
        id=ids.new("sg"),
        region=region,
        name=asked.name,
        description=asked.description,
        project_id=asked.project_id,
        default=False,
        created=now,
        updated=now,
        version=1 if any(rules.values()) else 0,
        ingress=rules[Direction.INGRESS],
        egress=rules[Direction.EGRESS],
        tags=dict(asked.tags or {}),
    )


def _check_words(name: str, description: str) -> None:
    if not name:
        raise UsageError("The name of a security group is empty.", code="InvalidParameterValue")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"A security group's name has at most {LONGEST_NAME} characters.", code=_TOO_LONG)
    if len(description) > LONGEST_DESCRIPTION:
        raise UsageError(
            f"A security group's description has at most {LONGEST_DESCRIPTION} characters.", code=_TOO_LONG
        )
