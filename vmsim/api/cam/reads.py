"""What clients ask of access management before they begin. A home has one account that may do everything, and no
sub-users, roles or policies of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.cloud.account import owner
from vmsim.model.errors import Missing, NotFound, UsageError

LARGEST_PAGE = 200


@action("GetUserAppId", service="cam", needs_region=False)
def get_app_id(call: Call) -> Reply:
    account = owner(call.cloud)
    return {"Uin": str(account.uin), "OwnerUin": str(account.uin), "AppId": account.app_id}


@action("GetRole", service="cam", needs_region=False)
def get_role(call: Call) -> Reply:
    named = call.params.get("RoleName") or call.params.get("RoleId")
    if not named:
        raise Missing("RoleId and RoleName are both missing.", code="InvalidParameter.ParamError")
    raise NotFound("role", named, code="InvalidParameter.RoleNotExist")


@action("DescribeRoleList", service="cam", needs_region=False)
def describe_roles(call: Call) -> Reply:
    _check_page(call.params)
    return {"List": [], "TotalNum": 0}


@action("ListAttachedUserPolicies", service="cam", needs_region=False)
def list_policies(call: Call) -> Reply:
    _check_page(call.params)
    return {"List": [], "TotalNum": 0}


def _check_page(params: Mapping[str, Any]) -> None:
    if params.get("Page", 1) < 1 or not 1 <= params.get("Rp", 20) <= LARGEST_PAGE:
        raise UsageError(f"Page is 1 or more, and Rp 1 to {LARGEST_PAGE}.", code="InvalidParameter.ParamError")
