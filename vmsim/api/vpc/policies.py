"""Rules on the wire: SecurityGroupPolicySet, read and shown.

What a client shows back is taken: members that are empty are not there, and what only a reply can say is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vmsim.api import times
from vmsim.api.unsimulated import NOTHING, Only
from vmsim.model import ids, security_rule
from vmsim.model.errors import Missing, NotSimulated, UsageError
from vmsim.model.security_group import Direction, Rule

LONGEST_DESCRIPTION = 100
COEXIST = "InvalidParameter.Coexist"
SET = "SecurityGroupPolicySet"
Both = dict[Direction, list[Rule]]
_MEMBERS = {Direction.INGRESS: "Ingress", Direction.EGRESS: "Egress"}
_OWN_ADDRESS = "MY_PUBLIC_IP"
_PLACES = tuple(f"{SET}.{name}" for name in _MEMBERS.values())
_TEMPLATES = {
    "AddressTemplate": ("AddressId", "AddressGroupId"),
    "ServiceTemplate": ("ServiceId", "ServiceGroupId"),
}
_TARGETS = ("CidrBlock", "Ipv6CidrBlock", "SecurityGroupId")
_CONTENT = ("Protocol", "Port", "Action", "PolicyDescription", *_TARGETS)
_READ_ONLY = "only a reply says it"
REFUSED: Mapping[str, Only] = {
    **{f"{place}.Priority": NOTHING for place in _PLACES},
    **{f"{place}.{one}.{member}": NOTHING for place in _PLACES for one, both in _TEMPLATES.items() for member in both},
}
WITHOUT_EFFECT: Mapping[str, str] = {
    f"{SET}.PolicyStatistics": _READ_ONLY,
    **{f"{place}.ModifyTime": _READ_ONLY for place in _PLACES},
}
LIMITS: Mapping[str, str] = {
    f"{place}.{name}": "only an address or a network" for place in _PLACES for name in ("CidrBlock", "Ipv6CidrBlock")
}


def each(member: str, rule: Only) -> dict[str, Only]:
    """The same for a member of every rule."""
    return {f"{place}.{member}": rule for place in _PLACES}


def one_direction(params: Mapping[str, Any]) -> tuple[Direction, Sequence[Mapping[str, Any]]]:
    """The rules of a call that is about one direction."""
    given = {direction: params[SET].get(name) for direction, name in _MEMBERS.items()}
    there = [direction for direction, rules in given.items() if rules]
    if not there:
        raise Missing(f"{SET} has neither Ingress nor Egress.", code="InvalidParameterValue.Empty")
    if len(there) > 1:
        raise UsageError("Ingress and Egress: one direction a call.", code=COEXIST)
    return there[0], given[there[0]]


def version(params: Mapping[str, Any]) -> str:
    """ "" where it does not matter."""
    found: str = params[SET].get("Version", "")
    return found


def both(given: Mapping[str, Any]) -> Both:
    """Each direction's rules, in the order in which they are given."""
    return {direction: [rule(one) for one in given.get(name, [])] for direction, name in _MEMBERS.items()}


def of_new_group(given: Mapping[str, Any]) -> Both:
    """As `both`; where places are given, they are all the first one, or each its own."""
    for name in _MEMBERS.values():
        places = [one["PolicyIndex"] for one in given.get(name, []) if "PolicyIndex" in one]
        if places not in ([0] * len(places), list(range(len(places)))):
            raise UsageError("PolicyIndex of a new group's rules is their order.", code="InvalidParameterValue.Range")
    return both(given)


def common_index(given: Sequence[Mapping[str, Any]]) -> int | None:
    """PolicyIndex, where all rules have the same or none has one."""
    found = {one.get("PolicyIndex") for one in given}
    if len(found) > 1:
        raise UsageError("PolicyIndex is to be the same for every rule of a call.", code="InvalidParameterValue")
    return found.pop()


def own_index(given: Mapping[str, Any]) -> int:
    if "PolicyIndex" not in given:
        raise Missing("A rule that is replaced is named by its PolicyIndex.", code="MissingParameter")
    index: int = given["PolicyIndex"]
    return index


def rule(given: Mapping[str, Any]) -> Rule:
    """One rule. Raises UsageError, or NotSimulated for a value that stands for the caller's own address."""
    protocol = security_rule.protocol(given.get("Protocol", ""))
    description: str = given.get("PolicyDescription", "")
    if len(description) > LONGEST_DESCRIPTION:
        raise UsageError(
            f"PolicyDescription has at most {LONGEST_DESCRIPTION} characters.", code="InvalidParameterValue.TooLong"
        )
    target, value = _target(given)
    return Rule(
        protocol=protocol,
        verdict=security_rule.verdict(given.get("Action", "")),
        ports=security_rule.ports(given.get("Port", ""), protocol),
        cidr=security_rule.cidr(value) if target == "CidrBlock" else None,
        bare=target == "CidrBlock" and security_rule.bare(value),
        cidr6=security_rule.cidr6(value, protocol) if target == "Ipv6CidrBlock" else "",
        group_id=ids.check("sg", value) if target == "SecurityGroupId" else "",
        description=description,
    )


def says_something(given: Mapping[str, Any]) -> bool:
    """Is there more than a place and a description? All of it is looked at."""
    return bool({name for name in _CONTENT if given.get(name)} - {"PolicyDescription"})


def _target(given: Mapping[str, Any]) -> tuple[str, str]:
    there = [(name, value) for name in _TARGETS if (value := given.get(name))]
    if not there:
        raise Missing(f"A rule needs one of {', '.join(_TARGETS)}.", code="MissingParameter")
    if len(there) > 1:
        raise UsageError(f"{' and '.join(name for name, _ in there)} exclude each other.", code=COEXIST)
    name, value = there[0]
    if value == _OWN_ADDRESS:
        raise NotSimulated(f"{name}={value} is not simulated.")
    return name, value


def view(rule_: Rule, index: int) -> dict[str, Any]:
    return {
        "PolicyIndex": index,
        "Protocol": rule_.protocol.value,
        "Port": rule_.ports,
        "CidrBlock": rule_.cidr_text,
        "Ipv6CidrBlock": rule_.cidr6,
        "SecurityGroupId": rule_.group_id,
        "Action": rule_.verdict.value,
        "PolicyDescription": rule_.description,
        "ModifyTime": times.of_china(rule_.modified) if rule_.modified else "",
        **{name: {member: "" for member in members} for name, members in _TEMPLATES.items()},
    }


def shown(direction: Direction) -> str:
    return _MEMBERS[direction]
