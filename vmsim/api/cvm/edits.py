"""What is changed on an instance that is off: type, disk size, password, keys. With ForceStop it is stopped for it."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING
from vmsim.cloud import instances
from vmsim.model import ids
from vmsim.model.errors import Missing, NotSimulated, Refused, UsageError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import Verb

_DATA_DISK_STEP = 10
_SAME_TYPE = "only the type that the disk has"
_RESIZE = {
    f"{disk}.{name}": NOTHING for disk in ("SystemDisk", "DataDisks") for name in ("Encrypt", "KmsKeyId", "CdcId")
} | {f"DataDisks.{name}": NOTHING for name in ("SnapshotId", "ThroughputPerformance", "BurstPerformance")}


@action("ResetInstancesType")
def reset_type(call: Call) -> Reply:
    named = _named(call)
    if len(named) > 1:
        raise UsageError("One instance at a time can be given another type.", code=paging.TOO_MANY)
    return _submit(call, Verb.RESET_TYPE, named, {"type_name": call.params["InstanceType"]})


@action(
    "ResizeInstanceDisks",
    refused=_RESIZE,
    without_effect={
        place: "a resize changes the size alone"
        for place in ("SystemDisk.DiskName", "DataDisks.DiskName", "DataDisks.DeleteWithInstance")
    },
    limits={"SystemDisk.DiskType": _SAME_TYPE, "DataDisks.DiskType": _SAME_TYPE},
)
def resize_disks(call: Call) -> Reply:
    params = call.params
    instance_id = ids.check("ins", params["InstanceId"])
    name, disk = _one_disk(params)
    if "DiskSize" not in disk:
        raise Missing(f"{name}.DiskSize is missing.", code="MissingParameter")
    found = instances.get(call.cloud, instance_id, region=call.region)
    disk_id = _system_disk_id(found, disk) if name == "SystemDisk" else _data_disk_id(found, disk)
    _check_type(name, found, disk_id, disk.get("DiskType", ""))
    online = params.get("ResizeOnline", False)
    if online and params.get("ForceStop"):
        raise UsageError("ResizeOnline and ForceStop exclude each other.", code="InvalidParameterValue")
    verb = Verb.RESIZE_ONLINE if online else Verb.RESIZE_DISK
    return _submit(call, verb, (found.id,), {"disk_id": disk_id, "size_gib": disk["DiskSize"]})


@action("ResetInstancesPassword")
def reset_password(call: Call) -> Reply:
    arguments = {"password": call.params["Password"], "user_name": call.params.get("UserName", "")}
    return _submit(call, Verb.RESET_PASSWORD, _named(call), arguments)


@action("AssociateInstancesKeyPairs")
def associate_keys(call: Call) -> Reply:
    return _submit(call, Verb.ASSOCIATE_KEYS, _named(call), _keys(call))


@action("DisassociateInstancesKeyPairs")
def disassociate_keys(call: Call) -> Reply:
    return _submit(call, Verb.DISASSOCIATE_KEYS, _named(call), _keys(call))


def _named(call: Call) -> tuple[str, ...]:
    return paging.required_ids(call.params, "InstanceIds", "ins")


def _keys(call: Call) -> dict[str, Any]:
    return {"key_ids": list(paging.required_ids(call.params, "KeyIds", "skey"))}


def _submit(call: Call, verb: Verb, named: tuple[str, ...], arguments: dict[str, Any]) -> Reply:
    instances.submit(
        call.cloud,
        verb,
        named,
        arguments,
        region=call.region,
        caller=call.caller,
        request_id=call.request_id,
        force=call.params.get("ForceStop", False),
    )
    return {}


def _one_disk(params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The disk that is meant, with the name of the parameter that names it."""
    data_disks = params.get("DataDisks", [])
    if "SystemDisk" in params and data_disks:
        raise UsageError("SystemDisk and DataDisks exclude each other.", code="InvalidParameterValue")
    if "SystemDisk" in params:
        return "SystemDisk", params["SystemDisk"]
    if not data_disks:
        raise Missing("Neither SystemDisk nor DataDisks is given.", code="MissingParameter.AtLeastOne")
    if len(data_disks) > 1:
        raise UsageError("One data disk at a time can be resized.", code="InvalidParameterValue")
    return "DataDisks", data_disks[0]


def _system_disk_id(found: Instance, disk: dict[str, Any]) -> str:
    given: str = disk.get("DiskId", found.system_disk.id)
    if given != found.system_disk.id:
        raise UsageError(f"{given} is not the system disk of {found.id}.", code="InvalidParameterValue")
    return given


def _data_disk_id(found: Instance, disk: dict[str, Any]) -> str:
    given: str = disk.get("DiskId", "")
    if not given:
        raise Missing("DataDisks.0.DiskId is missing.", code="MissingParameter")
    if given not in {own.id for own in found.data_disks}:
        raise UsageError(f"{given} is no data disk of {found.id}.", code="UnsupportedOperation.InvalidDataDisk")
    if next(own for own in found.data_disks if own.id == given).portable:
        raise Refused(f"{given} is elastic: ResizeDisk is for it.", code="UnsupportedOperation.InvalidDataDisk")
    if disk["DiskSize"] % _DATA_DISK_STEP:
        raise UsageError(
            f"A data disk's size is a multiple of {_DATA_DISK_STEP} GiB, not {disk['DiskSize']}.",
            code="InvalidParameterValue",
        )
    return given


def _check_type(name: str, found: Instance, disk_id: str, given: str) -> None:
    """Terraform names the disk's type beside its new size."""
    (own,) = (disk.type for disk in found.disks if disk.id == disk_id)
    if given not in ("", own):
        raise NotSimulated(f"{name}.DiskType={given} is not simulated: {disk_id} stays {own}.")
