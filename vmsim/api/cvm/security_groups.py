"""AssociateSecurityGroups and DisassociateSecurityGroups: one group a call, of all the instances or of none."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import instance_groups
from vmsim.model.errors import UsageError

_ONE = {"SecurityGroupIds": "only one a call"}


@action("AssociateSecurityGroups", limits=_ONE)
def associate(call: Call) -> Reply:
    """Behind the groups that an instance has; again is harmless."""
    instance_groups.associate(call.cloud, _instances(call), _group(call), **_asked(call))
    return {}


@action("DisassociateSecurityGroups", limits=_ONE)
def disassociate(call: Call) -> Reply:
    instance_groups.disassociate(call.cloud, _instances(call), _group(call), **_asked(call))
    return {}


def _instances(call: Call) -> tuple[str, ...]:
    return paging.required_ids(call.params, "InstanceIds", "ins")


def _group(call: Call) -> str:
    named = paging.required_ids(call.params, "SecurityGroupIds", "sg")
    if len(named) > 1:
        raise UsageError("SecurityGroupIds names one security group a call.", code=paging.TOO_MANY)
    return named[0]


def _asked(call: Call) -> dict[str, Any]:
    return {"region": call.region, "caller": call.caller, "request_id": call.request_id}
