"""What clients ask of access management before they begin. A home has one account that may do everything, and the one
role that metadata give keys of; no sub-users, and no policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.cloud.account import owner, role, role_made
from vmsim.model.errors import Missing, NotFound, UsageError

LARGEST_PAGE = 200
SESSION_SECONDS = 7200
_POLICY = {
    "version": "2.0",
    "statement": [
        {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": ["cvm.qcloud.com"]}},
    ],
}


@action("GetUserAppId", service="cam", needs_region=False)
def get_app_id(call: Call) -> Reply:
    account = owner(call.cloud)
    return {"Uin": str(account.uin), "OwnerUin": str(account.uin), "AppId": account.app_id}


@action("GetRole", service="cam", needs_region=False)
def get_role(call: Call) -> Reply:
    named, numbered = call.params.get("RoleName", ""), call.params.get("RoleId", "")
    if not named and not numbered:
        raise Missing("RoleId and RoleName are both missing.", code="InvalidParameter.ParamError")
    for known in _roles(call):
        if named in ("", known["RoleName"]) and numbered in ("", known["RoleId"]):
            return {"RoleInfo": known}
    raise NotFound("role", named or numbered, code="InvalidParameter.RoleNotExist")


@action("DescribeRoleList", service="cam", needs_region=False)
def describe_roles(call: Call) -> Reply:
    """The role has no tags."""
    first, number = _page(call.params)
    wanted = {(tag["Key"], tag["Value"]) for tag in call.params.get("Tags", [])}
    found = [] if wanted else _roles(call)
    return {"List": found[first : first + number], "TotalNum": len(found)}


@action(
    "ListAttachedUserPolicies",
    service="cam",
    needs_region=False,
    without_effect={"TargetUin": "nobody has a policy"},
)
def list_policies(call: Call) -> Reply:
    _page(call.params)
    return {"List": [], "TotalNum": 0}


def _roles(call: Call) -> list[dict[str, Any]]:
    name = role(call.cloud)
    if not name:
        return []
    account, made = owner(call.cloud), f"{role_made(call.cloud):%Y-%m-%d %H:%M:%S}"
    view = {
        "RoleId": account.role_id(name),
        "RoleName": name,
        "RoleArn": f"qcs::cam::uin/{account.uin}:roleName/{name}",
        "PolicyDocument": json.dumps(_POLICY, separators=(",", ":")),
        "Description": "The role of programs that ask the metadata.",
        "AddTime": made,
        "UpdateTime": made,
        "ConsoleLogin": 0,
        "RoleType": "user",
        "SessionDuration": SESSION_SECONDS,
        "DeletionTaskId": None,
        "Tags": [],
    }
    return [view]


def _page(params: Mapping[str, Any]) -> tuple[int, int]:
    """Where the page begins, and how many it may hold."""
    page, number = params.get("Page", 1), params.get("Rp", 20)
    if page < 1 or not 1 <= number <= LARGEST_PAGE:
        raise UsageError(f"Page is 1 or more, and Rp 1 to {LARGEST_PAGE}.", code="InvalidParameter.ParamError")
    return (page - 1) * number, number
