"""The rules of a security group: created, described, replaced, deleted. When a call answers, its rules are in force."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.api.vpc import policies
from vmsim.cloud import security_group_query, security_rules
from vmsim.model.errors import Missing, UsageError
from vmsim.model.security_group import Direction

_COMMON: dict[str, Any] = {
    "refused": policies.REFUSED,
    "without_effect": policies.WITHOUT_EFFECT,
    "limits": policies.LIMITS,
}
_FOR_THE_LOG = {"OriginalSecurityGroupPolicySet": "it is for the cloud's own log"}
_REPLACE = {**_COMMON, "without_effect": {**policies.WITHOUT_EFFECT, **_FOR_THE_LOG}}
_CLEAR = "0"


@action("CreateSecurityGroupPolicies", service="vpc", **_COMMON)
def create(call: Call) -> Reply:
    direction, given = policies.one_direction(call.params)
    index, new = policies.common_index(given), [policies.rule(one) for one in given]
    security_rules.insert(call.cloud, *_place(call), direction, index, new)
    return {}


@action("DescribeSecurityGroupPolicies", service="vpc")
def describe(call: Call) -> Reply:
    """Those that match, each with its place among all."""
    filtered = paging.filters(call.params)
    group, found = security_group_query.rules(call.cloud, call.region, call.params["SecurityGroupId"], filtered)
    shown = {
        policies.shown(direction): [policies.view(one.rule, one.index) for one in found if one.direction is direction]
        for direction in Direction
    }
    return {"SecurityGroupPolicySet": {"Version": str(group.version), **shown}}


@action("DeleteSecurityGroupPolicies", service="vpc", **_COMMON)
def delete(call: Call) -> Reply:
    """Named by their places, or by what they say; one way a call."""
    direction, given = policies.one_direction(call.params)
    named = [(one.get("PolicyIndex"), policies.rule(one) if policies.says_something(one) else None) for one in given]
    if len({index is None for index, _ in named}) > 1:
        raise UsageError("Rules are named by PolicyIndex or by what they say: one way a call.", code=policies.COEXIST)
    security_rules.removed(call.cloud, *_place(call), direction, named)
    return {}


@action(
    "ReplaceSecurityGroupPolicies",
    service="vpc",
    **{**_REPLACE, "refused": {**policies.REFUSED, "UpdateType": only("Policy", of="Priority Both")}},
)
def replace(call: Call) -> Reply:
    direction, given = policies.one_direction(call.params)
    new = [(policies.own_index(one), policies.rule(one)) for one in given]
    security_rules.replaced(call.cloud, *_place(call), direction, new)
    return {}


@action("ReplaceSecurityGroupPolicy", service="vpc", **_REPLACE)
def replace_one(call: Call) -> Reply:
    direction, given = policies.one_direction(call.params)
    if len(given) > 1:
        raise UsageError("One rule a call is replaced.", code="InvalidParameterValue")
    new = [(policies.own_index(given[0]), policies.rule(given[0]))]
    security_rules.replaced(call.cloud, *_place(call), direction, new)
    return {}


@action(
    "ModifySecurityGroupPolicies",
    service="vpc",
    **{
        **_COMMON,
        "refused": {**policies.REFUSED, **policies.each("PolicyIndex", NOTHING)},
        "without_effect": {
            **policies.WITHOUT_EFFECT,
            "SortPolicys": "the rules always stand in the order in which they are given",
        },
        "limits": {**policies.LIMITS, f"{policies.SET}.Version": "only 0 means anything: the group is cleared"},
    },
)
def reset(call: Call) -> Reply:
    """A direction as a whole; one that is not given stays. Version 0 clears both, whatever else is given.

    No other version is looked at: VersionMismatch is not among the published codes, and the Terraform provider sends
    the version that it expects afterwards. It takes the rules of a direction away itself before it leaves it out.
    """
    region, ident, version = _place(call)
    rules = policies.both(call.params[policies.SET])
    if version != _CLEAR:
        rules = {direction: given for direction, given in rules.items() if given}
        if not rules:
            raise Missing("Neither Ingress nor Egress is given.", code="InvalidParameterValue.Empty")
    else:
        rules = {direction: [] for direction in rules}
    security_rules.reset(call.cloud, region, ident, rules)
    return {}


def _place(call: Call) -> tuple[str, str, str]:
    return call.region, call.params["SecurityGroupId"], policies.version(call.params)
