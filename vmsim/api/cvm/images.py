"""DescribeImages, CreateImage, ImportImage and DeleteImages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api import paging, tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.cloud import image_removal, images, private_images, snapshots
from vmsim.cloud.image_records import Wanted
from vmsim.model import ids, import_systems
from vmsim.model.disk import Snapshot
from vmsim.model.errors import Missing, NotSimulated, UsageError
from vmsim.model.image import PUBLIC, Image
from vmsim.model.instance_types import instance_type

_BOTH = "InvalidParameter.InvalidParameterCoexistImageIdsFilters"
_OUT_OF_RANGE = "InvalidParameterValue.InvalidParameterValueLimit"
_ONE_OF = "InvalidParameter.SpecifyOneParameter"
_IMPORT = {"Architecture": only("x86_64", of="i386 arm_64"), "ImportImageDataDiskList": NOTHING}
_ONLY = {"ImageUrl": "only file:///…", "BootMode": "only Legacy BIOS", "OsType": "not Windows"}


@action("DescribeImages")
def describe(call: Call) -> Reply:
    """Images by ids or filters; with InstanceType those that fit the type's memory."""
    params = call.params
    named = paging.given_ids(params, "ImageIds", "img")
    filtered = paging.filters(params)
    paging.not_both(named, filtered, "ImageIds", _BOTH)
    offset, limit = paging.offset(params, _OUT_OF_RANGE), paging.limit(params, _OUT_OF_RANGE)
    if "InstanceType" not in params:
        page = images.query(call.cloud, named, filtered, offset, limit, region=call.region)
        return _reply(call, page.total, page.items)
    memory = instance_type(params["InstanceType"]).memory_mib
    found = images.query(call.cloud, named, filtered, 0, None, region=call.region).items
    fitting = [image for image in found if image.memory_mib <= memory]
    return _reply(call, len(fitting), tuple(fitting[offset : offset + limit]))


@action("CreateImage", limits={"Sysprep": "only false"})
def create(call: Call) -> Reply:
    params = call.params
    if _truth(params, "Sysprep"):
        raise NotSimulated("The parameter Sysprep is not simulated: it prepares Windows.")
    instance_id, snapshot_ids = params.get("InstanceId", ""), params.get("SnapshotIds", [])
    if bool(instance_id) == bool(snapshot_ids):
        raise UsageError("Give one of InstanceId and SnapshotIds.", code=_ONE_OF)
    about: dict[str, Any] = {"caller": call.caller, "request_id": call.request_id}
    wanted = _wanted(params)
    if snapshot_ids:
        if params.get("DataDiskIds") or _truth(params, "ForcePoweroff"):
            raise UsageError(
                "DataDiskIds and ForcePoweroff need an InstanceId.", code="InvalidParameter.InvalidDependence"
            )
        job = private_images.of_snapshots(call.cloud, call.region, snapshot_ids, wanted, **about)
        return {"ImageId": job.subject_id}
    asked = private_images.of_instance(
        call.cloud,
        call.region,
        ids.check("ins", instance_id),
        wanted,
        data_disk_ids=params.get("DataDiskIds", []),
        power_off=_truth(params, "ForcePoweroff"),
        **about,
    )
    return {"ImageId": asked.arguments["image_id"]}


@action("ImportImage", refused=_IMPORT, limits=_ONLY)
def import_image(call: Call) -> Reply:
    params = call.params
    _check_machine(params)
    job = private_images.of_file(
        call.cloud,
        call.region,
        private_images.file_of_url(params["ImageUrl"]),
        import_systems.system(params["OsType"], params["OsVersion"]),
        _wanted(params),
        force=params.get("Force", False),
        license_type=params.get("LicenseType", "TencentCloud"),
        caller=call.caller,
        request_id=call.request_id,
    )
    return {"ImageId": job.subject_id}


@action("DeleteImages")
def delete(call: Call) -> Reply:
    params = call.params
    image_removal.delete(
        call.cloud,
        call.region,
        paging.required_ids(params, "ImageIds", "img"),
        with_snapshots=params.get("DeleteBindedSnap", False),
        dry_run=params.get("DryRun", False),
    )
    return {}


def _wanted(params: Mapping[str, Any]) -> Wanted:
    return Wanted(
        name=params["ImageName"],
        description=params.get("ImageDescription", ""),
        family=params.get("ImageFamily", ""),
        tags=tags.asked(params, "image"),
        dry_run=params.get("DryRun", False),
    )


def _truth(params: Mapping[str, Any], name: str) -> bool:
    """CreateImage's booleans are text."""
    given = str(params.get(name, "false")).lower()
    if given not in ("true", "false", ""):
        raise UsageError(f"{name} is {params[name]!r}; it must be true or false.", code="InvalidParameterValue")
    return given == "true"


def _check_machine(params: Mapping[str, Any]) -> None:
    """What an imported system may expect of the machine it runs on."""
    for name in ("Architecture", "OsType", "OsVersion", "ImageUrl"):
        if not params[name]:
            raise Missing(f"{name} is empty.", code="MissingParameter")
    boot = params.get("BootMode", "Legacy BIOS")
    if boot == "UEFI":
        raise NotSimulated("BootMode=UEFI is not simulated; Legacy BIOS is.")
    if boot != "Legacy BIOS":
        raise UsageError(f"BootMode is {boot!r}; it must be Legacy BIOS.", code="InvalidParameterValue.InvalidBootMode")
    if params.get("LicenseType", "BYOL") not in ("TencentCloud", "BYOL"):
        raise UsageError(
            f"LicenseType is {params['LicenseType']!r}; it must be TencentCloud or BYOL.",
            code="InvalidParameterValue.InvalidLicenseType",
        )


def _reply(call: Call, total: int, found: tuple[Image, ...]) -> Reply:
    bound = snapshots.by_ids(call.cloud, [ident for image in found for ident in image.snapshot_ids])
    return {"TotalCount": total, "ImageSet": [_view(call, image, bound) for image in found]}


def _view(call: Call, image: Image, bound: Mapping[str, Snapshot]) -> dict[str, Any]:
    public = image.type == PUBLIC
    return {
        "ImageId": image.id,
        "OsName": image.os_name,
        "ImageType": image.type,
        "CreatedTime": times.iso(image.created),
        "ImageName": image.name,
        "ImageDescription": image.description,
        "ImageSize": image.size_gib,
        "Architecture": image.architecture,
        "ImageState": image.state.value,
        "Platform": image.platform,
        "ImageCreator": "vmsim" if public else call.caller.who or call.caller.how,
        "ImageSource": image.source,
        "SyncPercent": image.percent,
        "IsSupportCloudinit": False,
        "SnapshotSet": [
            {"SnapshotId": ident, "DiskUsage": bound[ident].disk_usage.value, "DiskSize": bound[ident].size_gib}
            for ident in image.snapshot_ids
            if ident in bound
        ],
        "Tags": tags.shown(image.tags),
        "LicenseType": image.license_type,
        "ImageFamily": image.family,
        "ImageDeprecated": False,
        "CdcCacheStatus": "",
    }
