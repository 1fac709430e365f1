"""DescribeImages."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging, times
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import images
from vmsim.model.image import Image
from vmsim.model.instance_types import instance_type

_BOTH = "InvalidParameter.InvalidParameterCoexistImageIdsFilters"
_OUT_OF_RANGE = "InvalidParameterValue.InvalidParameterValueLimit"


@action("DescribeImages")
def describe(call: Call) -> Reply:
    """Images by ids or filters; with InstanceType those that fit the type's memory."""
    params = call.params
    named = paging.given_ids(params, "ImageIds", "img")
    filtered = paging.filters(params)
    paging.not_both(named, filtered, "ImageIds", _BOTH)
    offset, limit = paging.offset(params, _OUT_OF_RANGE), paging.limit(params, _OUT_OF_RANGE)
    if "InstanceType" not in params:
        page = images.query(call.cloud, named, filtered, offset, limit)
        return {"TotalCount": page.total, "ImageSet": [_view(image) for image in page.items]}
    memory = instance_type(params["InstanceType"]).memory_mib
    found = images.query(call.cloud, named, filtered, 0, None).items
    fitting = [image for image in found if image.memory_mib <= memory]
    return {"TotalCount": len(fitting), "ImageSet": [_view(image) for image in fitting[offset : offset + limit]]}


def _view(image: Image) -> dict[str, Any]:
    return {
        "ImageId": image.id,
        "OsName": image.os_name,
        "ImageType": "PUBLIC_IMAGE",
        "CreatedTime": times.iso(image.created),
        "ImageName": image.name,
        "ImageDescription": image.description,
        "ImageSize": image.size_gib,
        "Architecture": image.architecture,
        "ImageState": "NORMAL",
        "Platform": image.platform,
        "ImageCreator": "vmsim",
        "ImageSource": "OFFICIAL",
        "SyncPercent": 100,
        "IsSupportCloudinit": False,
        "SnapshotSet": [],
        "Tags": [],
        "LicenseType": "TencentCloud",
        "ImageFamily": "",
        "ImageDeprecated": False,
        "CdcCacheStatus": "",
    }
