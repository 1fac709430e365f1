"""Security groups as VPC's actions have them; what is in a group is in `security_group_policies.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api import paging, tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.vpc import pages, policies
from vmsim.cloud import security_group_query, security_groups
from vmsim.cloud.security_group_query import GroupQuery
from vmsim.cloud.security_groups import GroupRequest
from vmsim.model.errors import UsageError
from vmsim.model.security_group import SecurityGroup

_LONGEST_NUMBER = 18
_DIRECTIONS = ("ASC", "DESC")


@action("CreateSecurityGroup", service="vpc")
def create(call: Call) -> Reply:
    return {"SecurityGroup": view(security_groups.create(call.cloud, call.region, _request(call.params)))}


@action(
    "CreateSecurityGroupWithPolicies",
    service="vpc",
    refused=policies.REFUSED,
    without_effect={**policies.WITHOUT_EFFECT, "SecurityGroupPolicySet.Version": "a new group has no rules to mix up"},
    limits=policies.LIMITS,
)
def create_with_policies(call: Call) -> Reply:
    rules = policies.of_new_group(call.params.get("SecurityGroupPolicySet", {}))
    made = security_groups.create(call.cloud, call.region, _request(call.params, rules=rules))
    return {"SecurityGroup": view(made)}


@action("CreateDefaultSecurityGroup", service="vpc")
def create_default(call: Call) -> Reply:
    """The one that is there, or a new one: everything passes."""
    return {"SecurityGroup": view(security_groups.default(call.cloud, call.region, _project(call.params)))}


@action("CloneSecurityGroup", service="vpc")
def clone(call: Call) -> Reply:
    params = call.params
    made = security_groups.clone(
        call.cloud,
        call.region,
        params["SecurityGroupId"],
        params.get("RemoteRegion") or call.region,
        _request(params),
        with_tags=params.get("IsCloneTags", False),
    )
    return {"SecurityGroup": view(made)}


@action("DescribeSecurityGroups", service="vpc")
def describe(call: Call) -> Reply:
    named, filtered = pages.asked(call.params, "SecurityGroupIds", "sg")
    order, direction = call.params.get("OrderField", ""), call.params.get("OrderDirection") or "ASC"
    if order and order not in security_group_query.ORDERS:
        known = ", ".join(sorted(security_group_query.ORDERS))
        raise UsageError(f"OrderField is {order!r}; it must be one of {known}.", code="InvalidParameterValue")
    if direction.upper() not in _DIRECTIONS:
        raise UsageError(f"OrderDirection is {direction!r}; it is ASC or DESC.", code="InvalidParameterValue")
    asked = GroupQuery(
        call.region,
        named,
        filtered,
        order,
        direction.upper() == "DESC",
        pages.offset(call.params),
        pages.limit(call.params),
    )
    page = security_group_query.query(call.cloud, asked)
    return {"TotalCount": page.total, "SecurityGroupSet": [view(group) for group in page.items]}


@action("ModifySecurityGroupAttribute", service="vpc")
def modify(call: Call) -> Reply:
    params = call.params
    name, description = params.get("GroupName"), params.get("GroupDescription")
    security_groups.modify(call.cloud, call.region, params["SecurityGroupId"], name=name, description=description)
    return {}


@action("DeleteSecurityGroup", service="vpc")
def delete(call: Call) -> Reply:
    security_groups.delete(call.cloud, call.region, call.params["SecurityGroupId"])
    return {}


@action("DescribeSecurityGroupAssociationStatistics", service="vpc")
def statistics(call: Call) -> Reply:
    """Instances alone can be in a group here."""
    named = paging.required_ids(call.params, "SecurityGroupIds", "sg")
    return {
        "SecurityGroupAssociationStatisticsSet": [
            {
                "SecurityGroupId": uses.group.id,
                "CVM": len(uses.instance_ids),
                "SG": len(uses.group_ids),
                "TotalCount": len(uses.instance_ids),
                "InstanceStatistics": [{"InstanceType": "CVM", "InstanceCount": len(uses.instance_ids)}]
                if uses.instance_ids
                else [],
                **{other: 0 for other in ("CDB", "ENI", "CLB")},
            }
            for uses in security_groups.uses(call.cloud, call.region, named)
        ]
    }


@action("DescribeSecurityGroupReferences", service="vpc")
def references(call: Call) -> Reply:
    """Which groups' rules name each of them."""
    named = paging.required_ids(call.params, "SecurityGroupIds", "sg")
    return {
        "ReferredSecurityGroupSet": [
            {"SecurityGroupId": uses.group.id, "ReferredSecurityGroupIds": list(uses.group_ids)}
            for uses in security_groups.uses(call.cloud, call.region, named)
        ]
    }


def view(group: SecurityGroup) -> dict[str, Any]:
    return {
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupDesc": group.description,
        "ProjectId": str(group.project_id),
        "IsDefault": group.default,
        "CreatedTime": times.of_china(group.created),
        "UpdateTime": times.of_china(group.updated),
        "TagSet": tags.shown(group.tags),
    }


def _request(params: Mapping[str, Any], rules: policies.Both | None = None) -> GroupRequest:
    return GroupRequest(
        params.get("GroupName", ""),
        params.get("GroupDescription", ""),
        _project(params),
        tags.listed([{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in params.get("Tags", [])]),
        rules,
    )


def _project(params: Mapping[str, Any]) -> int:
    """Text here, as everything that is no number of policies is."""
    given: str = params.get("ProjectId") or "0"
    if not (given.isascii() and given.isdecimal() and len(given) <= _LONGEST_NUMBER):
        raise UsageError(f"ProjectId is {given!r}; it is a number, as text.", code="InvalidParameterValue.Malformed")
    return int(given)
