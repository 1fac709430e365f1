"""Which resources have which tags."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.api.tag import pages, places
from vmsim.api.unsimulated import NOTHING, Only
from vmsim.cloud import tagging
from vmsim.cloud.account import owner
from vmsim.cloud.tagging import Bound, Which
from vmsim.model import resource, tag
from vmsim.model.errors import UsageError

MOST_RESULTS = 200
MOST_FILTERS = 6
MOST_VALUES = 10
MOST_IDS = 50
MOST_IDS_BY_KEYS = 20
LIMIT_BY_KEYS = 400
_REFUSED: dict[str, Only] = {"CosResourceId": NOTHING}


@action("GetResources", service="tag", needs_region=False)
def get(call: Call) -> Reply:
    """With ResourceList all of them come at once, whatever MaxResults says."""
    listed = places.listed(call)
    offset, limit = pages.place(call.params, MOST_RESULTS)
    if listed:
        offset, limit = 0, len(listed)
    page = tagging.resources(call.cloud, Which(ids=_ids(listed), filters=_filters(call.params)), offset, limit)
    account = owner(call.cloud)
    wanted = {one.name(account) for one in listed}
    return {
        "PaginationToken": pages.token(offset, limit, page.total),
        "ResourceTagMappingList": [
            {"Resource": found.name(account), "Tags": shown(list(labels.items()))}
            for found, labels in page.items
            if not wanted or found.name(account) in wanted
        ],
    }


@action("DescribeResourceTags", service="tag", needs_region=False, refused=_REFUSED)
def describe(call: Call) -> Reply:
    params = call.params
    own = places.own(call)
    service = params.get("ServiceType", resource.SERVICE)
    prefix = params.get("ResourcePrefix", "")
    which = Which(
        kind=resource.kind(service, prefix) if prefix else None,
        region=places.region(params) if params.get("ResourceRegion") else "",
        ids=(params["ResourceId"],) if params.get("ResourceId") else (),
    )
    page = _page(call, which, "Rows")
    return page if own else {**page, "TotalCount": 0, "Rows": []}


@action("DescribeResourceTagsByResourceIds", service="tag", needs_region=False)
def describe_by_ids(call: Call) -> Reply:
    """What the Terraform provider reads a resource's tags with. An unknown id has no tags."""
    asked = places.by_ids(call.params, MOST_IDS)
    return _page(call, Which(asked[0].kind, asked[0].region, _ids(asked)), "Tags")


@action("DescribeResourceTagsByTagKeys", service="tag", needs_region=False)
def describe_by_keys(call: Call) -> Reply:
    asked = places.by_ids(call.params, MOST_IDS_BY_KEYS)
    keys = tuple(tag.check_key(key) for key in call.params["TagKeys"])
    places.few(keys, "TagKeys", "InvalidParameter.Tag", MOST_IDS_BY_KEYS)
    offset, limit = pages.offset_and_limit(call.params, LIMIT_BY_KEYS)
    found = tagging.bound(call.cloud, Which(asked[0].kind, asked[0].region, _ids(asked), keys)).items
    labels = {one.id: [(item.key, item.value) for item in found if item.resource == one] for one in asked}
    rows = [{"ResourceId": ident, "TagKeyValues": shown(pairs)} for ident, pairs in labels.items() if pairs]
    return {"TotalCount": len(rows), "Offset": offset, "Limit": limit, "Rows": rows[offset : offset + limit]}


def shown(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Tags as the service writes them: not with CVM's words."""
    return [{"TagKey": key, "TagValue": value, "Category": "Custom"} for key, value in pairs]


def _page(call: Call, which: Which, name: str) -> Reply:
    offset, limit = pages.offset_and_limit(call.params)
    page = tagging.bound(call.cloud, which, offset, limit)
    return {"TotalCount": page.total, "Offset": offset, "Limit": limit, name: [_row(one) for one in page.items]}


def _row(one: Bound) -> dict[str, Any]:
    return {
        "TagKey": one.key,
        "TagValue": one.value,
        "TagKeyMd5": _md5(one.key),
        "TagValueMd5": _md5(one.value),
        "ResourceId": one.resource.id,
        "ServiceType": resource.SERVICE,
        "Category": "Custom",
    }


def _filters(params: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    given = params.get("TagFilters", [])
    places.few(given, "TagFilters", "LimitExceeded.TagNumPerRequest", MOST_FILTERS)
    found = [(tag.check_key(item["TagKey"]), tuple(item.get("TagValue", []))) for item in given]
    if len({key for key, _ in found}) < len(found):
        raise UsageError("A key comes twice in TagFilters.", code="InvalidParameterValue.TagKeyDuplicate")
    for _, values in found:
        places.few(values, "TagValue", "LimitExceeded.TagValue", MOST_VALUES)
    return tuple(found)


def _ids(resources: list[resource.Resource]) -> tuple[str, ...]:
    return tuple(one.id for one in resources)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
