"""How security groups and their rules are asked for, and what tests of them share."""

from __future__ import annotations

from typing import Any

from .wire import Api

GONE = "sg-00000000"
ANYWHERE = "0.0.0.0/0"
CREATE = "CreateSecurityGroupPolicies"


def ok(api: Api, action: str, **params: Any) -> dict[str, Any]:
    return api.ok(action, params, service="vpc")


def code(api: Api, action: str, **params: Any) -> str:
    return api.code(action, params, service="vpc")


def made(api: Api, *ingress: dict[str, Any], **more: Any) -> str:
    asked = {"GroupName": "web", "GroupDescription": "", "SecurityGroupPolicySet": {"Ingress": list(ingress)}, **more}
    ident: str = ok(api, "CreateSecurityGroupWithPolicies", **asked)["SecurityGroup"]["SecurityGroupId"]
    return ident


def rule(port: int | str = 22, **more: Any) -> dict[str, Any]:
    return {"Protocol": "tcp", "Port": str(port), "CidrBlock": ANYWHERE, "Action": "accept", **more}


def change(api: Api, action: str, ident: str, *ingress: dict[str, Any], **more: Any) -> str:
    policies = {"Ingress": list(ingress), **more.pop("policies", {})}
    return code(api, action, SecurityGroupId=ident, SecurityGroupPolicySet=policies, **more)


def policies(api: Api, ident: str, **filters: str) -> dict[str, Any]:
    asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found = ok(api, "DescribeSecurityGroupPolicies", SecurityGroupId=ident, Filters=asked)
    return dict(found["SecurityGroupPolicySet"])


def ports(api: Api, ident: str, **filters: str) -> list[str]:
    return [one["Port"] for one in policies(api, ident, **filters)["Ingress"]]


def everything(api: Api, ident: str) -> tuple[Any, Any]:
    return policies(api, ident), ok(api, "DescribeSecurityGroups", SecurityGroupIds=[ident])["SecurityGroupSet"]
