"""ResetInstance: a fresh system on the system disk."""

from __future__ import annotations

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.cvm.run import NO_AGENTS, check_image_has_login, keeps_image_login
from vmsim.api.unsimulated import NOTHING
from vmsim.cloud import instances
from vmsim.model import ids
from vmsim.model.errors import UsageError
from vmsim.model.lifecycle import Verb

_REFUSED = {f"SystemDisk.{name}": NOTHING for name in ("Encrypt", "KmsKeyId", "CdcId", "DiskName")}
_AS_IT_IS = "only what the disk has"


@action(
    "ResetInstance",
    refused=_REFUSED,
    without_effect=NO_AGENTS,
    limits={"SystemDisk.DiskType": _AS_IT_IS, "SystemDisk.DiskId": _AS_IT_IS},
)
def reset(call: Call) -> Reply:
    params = call.params
    instance_id = ids.check("ins", params["InstanceId"])
    image, login, disk = params.get("ImageId", ""), params.get("LoginSettings", {}), params.get("SystemDisk", {})
    if image:
        ids.check("img", image)
    instance = instances.get(call.cloud, instance_id, region=call.region)
    for member, own in (("DiskType", instance.system_disk.type), ("DiskId", instance.system_disk.id)):
        if disk.get(member, own) != own:
            raise UsageError(f"SystemDisk.{member} is {own} and stays so.", code="InvalidParameterValue")
    check_image_has_login(call, image or instance.image_id)
    arguments = {
        "image": image,
        "size_gib": disk.get("DiskSize", 0),
        "host_name": params.get("HostName") or None,
        "user_data": params.get("UserData"),
        "password": login.get("Password", ""),
        "key_ids": list(paging.given_ids(login, "KeyIds", "skey")),
        "keep_image_login": keeps_image_login(login),
    }
    instances.submit(
        call.cloud,
        Verb.REINSTALL,
        (instance_id,),
        arguments,
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}
