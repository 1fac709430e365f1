"""Which resources have which tags."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from vmsim.api.action import Call, Reply, action
from vmsim.api.tag import pages, places
from vmsim.api.unsimulated import NOTHING
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


@action(
    "DescribeResourceTags",
    service="tag",
    needs_region=False,
    refused={"CosResourceId": NOTHING},
)
def describe(call: Call) -> Reply:
    params = call.params
    service, prefix = params.get("ServiceType", ""), params.get("ResourcePrefix", "")
    if service:
        resource.check_service(service)
    which = Which(
        kind=resource.kind(service or resource.SERVICE, prefix) if prefix else None,
        service=service,
        region=places.region(params) if params.get("ResourceRegion") else "",
        ids=(params["ResourceId"],) if params.get("ResourceId") else (),
    )
    return _page(call, which, "Rows") if is_own(call) else _nothing(call, "Rows")


@action("DescribeResourceTagsByResourceIds", service="tag", needs_region=False)
def describe_by_ids(call: Call) -> Reply:
    """What the Terraform provider reads a resource's tags with. An unknown id has no tags."""
    asked = places.by_ids(call.params, MOST_IDS)
    if not is_custom(call):
        return _nothing(call, "Tags")
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


def is_own(call: Call) -> bool:
    """Whether CreateUin, if it is given, is this account: there is no other."""
    uin = owner(call.cloud).uin
    return bool(call.params.get("CreateUin", uin) == uin)


def is_custom(call: Call) -> bool:
    """Whether tags of a user are asked for; the cloud's own ("System") there are none of."""
    given: str = call.params.get("Category", "All")
    if given not in ("Custom", "System", "All"):
        raise UsageError(f"Category is {given!r}; it is Custom, System or All.", code="InvalidParameter")
    return given != "System"


def _nothing(call: Call, name: str) -> Reply:
    offset, limit = pages.offset_and_limit(call.params)
    return {"TotalCount": 0, "Offset": offset, "Limit": limit, name: []}


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
        "ServiceType": one.resource.kind.service,
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
