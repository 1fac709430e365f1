"""DescribeInstanceVncUrl."""

from __future__ import annotations

from vmsim.api.action import Call, Reply, action
from vmsim.cloud import vnc
from vmsim.model import ids


@action("DescribeInstanceVncUrl")
def describe(call: Call) -> Reply:
    """Good for one connection within 15 seconds."""
    return {"InstanceVncUrl": vnc.url(call.cloud, ids.check("ins", call.params["InstanceId"]), region=call.region)}
