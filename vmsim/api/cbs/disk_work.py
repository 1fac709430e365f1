"""AttachDisks, DetachDisks, ResizeDisk and TerminateDisks: accepted whole or not at all, and done afterwards."""

from __future__ import annotations

from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import only
from vmsim.cloud import disks
from vmsim.model.errors import Missing

_ATTACH = {"AttachMode": only("PF", of="VF")}


@action("AttachDisks", service="cbs", refused=_ATTACH)
def attach(call: Call) -> Reply:
    disks.attach(
        call.cloud,
        call.params["InstanceId"],
        call.params["DiskIds"],
        delete_with_instance=call.params.get("DeleteWithInstance"),
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}


@action("DetachDisks", service="cbs")
def detach(call: Call) -> Reply:
    disks.detach(
        call.cloud,
        call.params["DiskIds"],
        instance_id=call.params.get("InstanceId", ""),
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}


@action("ResizeDisk", service="cbs")
def resize(call: Call) -> Reply:
    if not call.params.get("DiskId"):
        raise Missing("DiskId is missing.", code="MissingParameter")
    disks.resize(
        call.cloud,
        call.params["DiskId"],
        call.params["DiskSize"],
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}


@action("TerminateDisks", service="cbs")
def terminate(call: Call) -> Reply:
    disks.terminate(
        call.cloud,
        call.params["DiskIds"],
        delete_snapshots=bool(call.params.get("DeleteSnapshot", 0)),
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
    )
    return {}
