"""DescribeInstancesAttributes: what of an instance DescribeInstances does not show. Terraform reads user data by it."""

from __future__ import annotations

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import instances
from vmsim.model.errors import Missing, UsageError

_USER_DATA = "UserData"


@action("DescribeInstancesAttributes")
def describe(call: Call) -> Reply:
    wanted = call.params["Attributes"]
    if not wanted:
        raise Missing("Attributes is empty.", code="MissingParameter")
    for name in wanted:
        if name != _USER_DATA:
            raise UsageError(f"There is no attribute {name}; {_USER_DATA} is one.", code="InvalidParameterValue")
    named = paging.required_ids(call.params, "InstanceIds", "ins")
    found = [instances.get(call.cloud, one, region=call.region) for one in named]
    shown = [{"InstanceId": one.id, "Attributes": {_USER_DATA: one.user_data}} for one in found]
    return {"InstanceSet": shown}
