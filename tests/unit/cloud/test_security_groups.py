from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from cloud_fixture import CALLER, REGION, launched, now, put
from vmsim.cloud import firewall, instance_groups, security_groups, security_rules
from vmsim.cloud.context import Cloud
from vmsim.cloud.security_groups import GroupRequest
from vmsim.model.errors import InUse, Missing, NotFound, OutOfResources, Refused, UsageError, VmsimError
from vmsim.model.lifecycle import InstanceState
from vmsim.model.security_group import MOST_RULES, Direction, Protocol, Rule, SecurityGroup, Verdict

IN, OUT = Direction.INGRESS, Direction.EGRESS
ASKED = {"region": REGION, "caller": CALLER, "request_id": "asked"}


@pytest.fixture(autouse=True)
def applied(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the store held each time the lab's filters were to be made anew, which would change this machine's."""
    seen: list[str] = []
    monkeypatch.setattr(firewall, "apply", lambda one: seen.append("\n".join(everything(one))))
    return seen


def everything(cloud: Cloud) -> list[str]:
    with closing(sqlite3.connect(cloud.home.database)) as connection:
        return list(connection.iterdump())


def rule(port: int | str = "ALL", **more: object) -> Rule:
    return replace(Rule(Protocol.TCP, Verdict.ACCEPT, str(port), IPv4Network("10.0.0.0/8")), **more)  # type: ignore[arg-type]


def group(cloud: Cloud, *rules: Rule, region: str = REGION) -> SecurityGroup:
    return security_groups.create(cloud, region, GroupRequest("web", rules={IN: rules} if rules else None))


def ports(cloud: Cloud, ident: str, direction: Direction = IN) -> list[str]:
    return [one.ports for one in security_groups.get(cloud, REGION, ident).rules(direction)]


def insert(cloud: Cloud, ident: str, *rules: Rule, version: str = "", index: int | None = None) -> None:
    security_rules.insert(cloud, REGION, ident, version, IN, index, rules)


def test_a_new_group_denies_everything_and_the_default_one_nothing(cloud: Cloud) -> None:
    made, default = group(cloud), security_groups.default(cloud, REGION, 0)
    assert (made.ingress, made.egress, made.version) == ((), (), 0)
    for direction in Direction:
        (only,) = default.rules(direction)
        assert (only.protocol, only.verdict, str(only.cidr)) == (Protocol.ALL, Verdict.ACCEPT, "0.0.0.0/0")
    assert security_groups.default(cloud, REGION, 0).id == default.id
    assert security_groups.default(cloud, REGION, 7).id != default.id
    assert security_groups.default(cloud, "ap-beijing", 0).id != default.id


def test_rules_stand_where_they_are_put(cloud: Cloud) -> None:
    ident = group(cloud, rule(1), rule(2)).id
    insert(cloud, ident, rule(3), rule(4))
    insert(cloud, ident, rule(5), rule(6), index=0)
    insert(cloud, ident, rule(7), index=3)
    insert(cloud, ident, rule(8), index=7)
    assert ports(cloud, ident) == ["5", "6", "1", "7", "2", "3", "4", "8"]
    security_rules.replaced(cloud, REGION, ident, "", IN, [(7, rule(9)), (0, rule(10))])
    assert ports(cloud, ident) == ["10", "6", "1", "7", "2", "3", "4", "9"]
    security_rules.removed(cloud, REGION, ident, "", IN, [(0, None), (2, None)])
    security_rules.removed(cloud, REGION, ident, "", IN, [(None, rule(9, description="whatever"))])
    assert ports(cloud, ident) == ["6", "7", "2", "3", "4"]
    assert security_groups.get(cloud, REGION, ident).version == 8
    security_rules.reset(cloud, REGION, ident, {OUT: [rule(1)], IN: [rule(2)]})
    assert (ports(cloud, ident), ports(cloud, ident, OUT)) == (["2"], ["1"])
    assert security_groups.get(cloud, REGION, ident).version == 9


def test_rules_may_change_places_by_being_replaced(cloud: Cloud) -> None:
    ident = group(cloud, rule(1), rule(2)).id
    security_rules.replaced(cloud, REGION, ident, "", IN, [(0, rule(2)), (1, rule(1))])
    assert ports(cloud, ident) == ["2", "1"]


def test_a_rule_keeps_the_moment_of_its_last_change(cloud: Cloud) -> None:
    made = group(cloud, rule(1))
    cloud.clock.advance(60)  # type: ignore[attr-defined]
    insert(cloud, made.id, rule(2))
    first, second = security_groups.get(cloud, REGION, made.id).ingress
    assert first.modified == made.ingress[0].modified
    assert second.modified is not None and first.modified is not None and second.modified > first.modified


@pytest.mark.parametrize("index", [-1, 3])
def test_a_place_that_is_not_there(cloud: Cloud, index: int) -> None:
    ident = group(cloud, rule(1), rule(2)).id
    before = everything(cloud)
    with pytest.raises(UsageError):
        insert(cloud, ident, rule(3), index=index)
    with pytest.raises(UsageError):
        security_rules.replaced(cloud, REGION, ident, "", IN, [(0, rule(4)), (index, rule(3))])
    with pytest.raises(UsageError):
        security_rules.removed(cloud, REGION, ident, "", IN, [(0, None), (index, None)])
    assert everything(cloud) == before


def test_a_rule_is_named_once_and_truly(cloud: Cloud) -> None:
    ident = group(cloud, rule(1), rule(2)).id
    before = everything(cloud)
    with pytest.raises(NotFound):
        security_rules.removed(cloud, REGION, ident, "", IN, [(None, rule(1, verdict=Verdict.DROP))])
    with pytest.raises(NotFound):
        security_rules.removed(cloud, REGION, ident, "", OUT, [(None, rule(1))])
    with pytest.raises(UsageError):
        security_rules.removed(cloud, REGION, ident, "", IN, [(0, None), (0, None)])
    with pytest.raises(UsageError):
        security_rules.removed(cloud, REGION, ident, "", IN, [(0, rule(2))])
    with pytest.raises(UsageError):
        security_rules.replaced(cloud, REGION, ident, "", IN, [(0, rule(3)), (0, rule(4))])
    with pytest.raises(Missing):
        security_rules.removed(cloud, REGION, ident, "", IN, [(None, None)])
    assert everything(cloud) == before


def test_no_rule_twice_and_no_more_than_a_hundred(cloud: Cloud) -> None:
    ident = group(cloud, *(rule(port) for port in range(1, MOST_RULES))).id
    before = everything(cloud)
    with pytest.raises(Refused):
        insert(cloud, ident, rule(1, description="the same all the same"))
    with pytest.raises(Refused):
        security_rules.replaced(cloud, REGION, ident, "", IN, [(0, rule(2))])
    with pytest.raises(OutOfResources):
        insert(cloud, ident, rule(500), rule(501))
    assert everything(cloud) == before
    insert(cloud, ident, rule(1, verdict=Verdict.DROP))
    with pytest.raises(OutOfResources):
        insert(cloud, ident, rule(500))
    security_rules.insert(cloud, REGION, ident, "", OUT, None, [rule(500)])


def test_of_many_who_change_one_version_one_wins(cloud: Cloud) -> None:
    ident = group(cloud).id

    def attempt(port: int) -> bool:
        try:
            insert(cloud, ident, rule(port), version="0")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(1, 25)))
    assert sum(won) == 1
    assert ports(cloud, ident) == [str(won.index(True) + 1)]
    assert security_groups.get(cloud, REGION, ident).version == 1


def test_filters_are_made_anew_after_the_commit_and_before_the_answer(cloud: Cloud, applied: list[str]) -> None:
    ident = group(cloud).id
    instance = launched(cloud, InstanceState.RUNNING)
    assert applied == []
    insert(cloud, ident, rule(4711))
    assert len(applied) == 1
    assert "'4711'" in applied[0]
    instance_groups.associate(cloud, [instance.id], ident, **ASKED)
    assert len(applied) == 2
    assert ident in applied[1].partition(f"'{instance.id}'")[2]
    with pytest.raises(VmsimError):
        insert(cloud, ident, rule(4711))
    assert len(applied) == 2


def test_a_rule_names_groups_that_are_there(cloud: Cloud) -> None:
    one, other = group(cloud).id, group(cloud).id
    far = group(cloud, region="ap-beijing").id
    insert(cloud, one, rule(cidr=None, group_id=one), rule(cidr=None, group_id=other))
    for unknown in (far, "sg-00000000"):
        with pytest.raises(NotFound):
            insert(cloud, one, rule(cidr=None, group_id=unknown))
    with pytest.raises(InUse):
        security_groups.delete(cloud, REGION, other)
    security_groups.delete(cloud, REGION, one)
    security_groups.delete(cloud, REGION, other)


def test_what_is_needed_stays(cloud: Cloud) -> None:
    ident = group(cloud).id
    instance = launched(cloud, security_group_ids=(ident,))
    (uses,) = security_groups.uses(cloud, REGION, [ident])
    assert uses.instance_ids == (instance.id,)
    with pytest.raises(InUse):
        security_groups.delete(cloud, REGION, ident)
    with pytest.raises(Refused):
        security_groups.delete(cloud, REGION, security_groups.default(cloud, REGION, 0).id)
    put(cloud, instance.id, state=InstanceState.LAUNCH_FAILED)
    security_groups.delete(cloud, REGION, ident)


def test_a_region_holds_fifty_besides_the_default_ones(cloud: Cloud) -> None:
    security_groups.default(cloud, REGION, 0)
    for _ in range(50):
        group(cloud)
    before = everything(cloud)
    with pytest.raises(OutOfResources):
        group(cloud)
    assert everything(cloud) == before
    security_groups.default(cloud, REGION, 7)
    group(cloud, region="ap-beijing")


def test_a_launch_without_groups_is_in_the_projects_default_one(cloud: Cloud) -> None:
    one, other, third = launched(cloud), launched(cloud), launched(cloud, project_id=7)
    assert one.security_group_ids == other.security_group_ids == (security_groups.default(cloud, REGION, 0).id,)
    assert third.security_group_ids == (security_groups.default(cloud, REGION, 7).id,)


def test_a_launch_has_its_groups_in_their_order(cloud: Cloud) -> None:
    named = [group(cloud).id for _ in range(6)]
    assert launched(cloud, security_group_ids=(named[1], named[0], named[1])).security_group_ids == (named[1], named[0])
    before = everything(cloud)
    with pytest.raises(OutOfResources):
        launched(cloud, security_group_ids=tuple(named))
    with pytest.raises(NotFound):
        launched(cloud, security_group_ids=(named[0], "sg-00000000"))
    assert everything(cloud) == before


def test_an_instance_has_one_to_five_groups(cloud: Cloud) -> None:
    named = [group(cloud).id for _ in range(6)]
    instance = launched(cloud, InstanceState.RUNNING, security_group_ids=(named[0],))
    with pytest.raises(Refused):
        instance_groups.disassociate(cloud, [instance.id], named[0], **ASKED)
    with pytest.raises(Missing):
        instance_groups.put(cloud, [instance.id], (), **ASKED)
    for ident in named[1:5]:
        instance_groups.associate(cloud, [instance.id], ident, **ASKED)
    instance_groups.associate(cloud, [instance.id], named[2], **ASKED)
    assert now(cloud, instance.id).security_group_ids == tuple(named[:5])
    with pytest.raises(OutOfResources):
        instance_groups.associate(cloud, [instance.id], named[5], **ASKED)
    instance_groups.disassociate(cloud, [instance.id], named[0], **ASKED)
    with pytest.raises(NotFound):
        instance_groups.disassociate(cloud, [instance.id], named[0], **ASKED)
    instance_groups.put(cloud, [instance.id], (named[5], named[0]), **ASKED)
    assert now(cloud, instance.id).security_group_ids == (named[5], named[0])


def test_all_instances_change_or_none(cloud: Cloud) -> None:
    one, other = group(cloud).id, group(cloud).id
    first = launched(cloud, InstanceState.RUNNING, security_group_ids=(one, other))
    second = launched(cloud, InstanceState.RUNNING, security_group_ids=(other,))
    before = everything(cloud)
    for refused in ([first.id, second.id], [first.id, "ins-00000000"]):
        with pytest.raises(VmsimError):
            instance_groups.disassociate(cloud, refused, other, **ASKED)
        assert everything(cloud) == before


def test_instances_that_are_older_than_groups_are_adopted(cloud: Cloud) -> None:
    old = [launched(cloud), launched(cloud, project_id=7), launched(cloud, region="ap-beijing")]
    new = launched(cloud, security_group_ids=(group(cloud).id,))
    for one in old:
        put(cloud, one.id, security_group_ids=())
    security_groups.adopt(cloud)
    for one in old:
        expected = security_groups.default(cloud, one.region, one.project_id).id
        assert now(cloud, one.id).security_group_ids == (expected,)
    assert now(cloud, new.id).security_group_ids == new.security_group_ids
    before = everything(cloud)
    security_groups.adopt(cloud)
    assert everything(cloud) == before


def test_a_copy_has_the_same_rules(cloud: Cloud) -> None:
    source = group(cloud, rule(1), rule(2, description="two"))
    far = security_groups.clone(cloud, "ap-beijing", source.id, REGION, GroupRequest(""), with_tags=False)
    assert (far.name, far.region, far.version) == ("web", "ap-beijing", 1)
    assert far.ingress == tuple(replace(one, modified=far.created) for one in source.ingress)
    insert(cloud, source.id, rule(cidr=None, group_id=source.id))
    with pytest.raises(Refused):
        security_groups.clone(cloud, "ap-beijing", source.id, REGION, GroupRequest(""), with_tags=False)
    near = security_groups.clone(cloud, REGION, source.id, REGION, GroupRequest("mine"), with_tags=False)
    assert (near.name, len(near.ingress)) == ("mine", 3)
