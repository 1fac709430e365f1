"""GetCallerIdentity: whose key signed the request. Every key of a home is its main account's, or its role's."""

from __future__ import annotations

from vmsim.api.action import Call, Reply, action
from vmsim.cloud import temporary_keys
from vmsim.cloud.account import owner

SESSION = "vmsim"


@action("GetCallerIdentity", service="sts", needs_region=False)
def get(call: Call) -> Reply:
    account = owner(call.cloud)
    uin = str(account.uin)
    role = temporary_keys.role_behind(call.cloud, call.caller.who)
    if not role:
        return {"Type": "CAMUser", "AccountId": uin, "UserId": uin, "PrincipalId": uin, "Arn": account.arn}
    number = account.role_id(role)
    return {
        "Type": "CAMRole",
        "AccountId": uin,
        "UserId": f"{number}:{SESSION}",
        "PrincipalId": uin,
        "Arn": f"qcs::sts:{uin}:assumed-role/{number}",
    }
