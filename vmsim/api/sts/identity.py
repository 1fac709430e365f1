"""GetCallerIdentity: whose key signed the request. Every key of a home is its main account's."""

from __future__ import annotations

from vmsim.api.action import Call, Reply, action
from vmsim.cloud.account import owner


@action("GetCallerIdentity", service="sts", needs_region=False)
def get(call: Call) -> Reply:
    account = owner(call.cloud)
    uin = str(account.uin)
    return {"Type": "CAMUser", "AccountId": uin, "UserId": uin, "PrincipalId": uin, "Arn": account.arn}
