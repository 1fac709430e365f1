"""ModifyInstancesAttribute: one attribute a call, of all the instances or of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vmsim.api import paging, unsimulated
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import attributes, instance_groups, launch_form
from vmsim.model.errors import Missing, UsageError

_REFUSED = {"CamRoleType": unsimulated.only("user"), "EnableJumboFrame": unsimulated.NOTHING}
_GOES_WITH = {"CamRoleType": "CamRoleName", "AutoReboot": "HostName"}


def _user_data(text: str) -> dict[str, Any]:
    launch_form.check_user_data(text)
    return {"user_data": text}


# What is only recorded, as fields of the record.
_RECORDED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "InstanceName": lambda value: {"name": attributes.check_name(value)},
    "UserData": _user_data,
    "CamRoleName": lambda value: {"cam_role": attributes.check_role(value)},
    "DisableApiTermination": lambda value: {"protected": value},
}
_ATTRIBUTES = (*_RECORDED, "SecurityGroups", "HostName", "EnableJumboFrame")


@action("ModifyInstancesAttribute", refused=_REFUSED)
def modify(call: Call) -> Reply:
    """A host name is written into the guest, which reboots for it; the rest is true when this answers."""
    params = call.params
    named = paging.required_ids(params, "InstanceIds", "ins")
    attribute = _one(params)
    asked: dict[str, Any] = {"region": call.region, "caller": call.caller, "request_id": call.request_id}
    if attribute == "HostName":
        reboot = params.get("AutoReboot", True)
        attributes.set_host_name(call.cloud, named, params["HostName"], reboot=reboot, **asked)
    elif attribute == "SecurityGroups":
        instance_groups.put(call.cloud, named, paging.given_ids(params, "SecurityGroups", "sg"), **asked)
    else:
        attributes.modify(call.cloud, named, _RECORDED[attribute](params[attribute]), **asked)
    return {}


def _one(params: dict[str, Any]) -> str:
    """The attribute that is given. EnableJumboFrame is refused by name, whatever it says: no guest here has it."""
    given = [name for name in _ATTRIBUTES if name in params]
    if not given:
        raise Missing(f"None of {', '.join(_ATTRIBUTES)} is given.", code="MissingParameter")
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are given: one a call.", code="InvalidParameterCombination")
    if given == ["EnableJumboFrame"]:
        raise unsimulated.not_simulated("EnableJumboFrame")
    for name, needs in _GOES_WITH.items():
        if name in params and needs not in given:
            raise UsageError(f"{name} belongs to {needs}.", code="InvalidParameterCombination")
    return given[0]
