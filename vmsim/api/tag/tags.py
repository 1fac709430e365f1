"""The account's tags themselves: listed, made before any resource has them, and deleted when none has them any more."""

from __future__ import annotations

from vmsim.api.action import Call, Reply, action
from vmsim.api.tag import pages, places
from vmsim.api.tag.binding import CATEGORIES, new_tags
from vmsim.api.tag.resources import is_custom, is_own, shown
from vmsim.cloud import tagging
from vmsim.cloud.query import Page
from vmsim.model.errors import Missing, UsageError

MOST_KEYS = 20
_NONE: Page[tuple[str, str]] = Page(0, ())


@action("GetTags", service="tag", needs_region=False)
def get(call: Call) -> Reply:
    return _listed(call, call.params.get("TagKeys", []))


@action("GetTagValues", service="tag", needs_region=False)
def get_values(call: Call) -> Reply:
    if not call.params["TagKeys"]:
        raise Missing("TagKeys is empty.", code="MissingParameter")
    return _listed(call, call.params["TagKeys"])


@action("GetTagKeys", service="tag", needs_region=False)
def get_keys(call: Call) -> Reply:
    offset, limit = pages.place(call.params)
    page = tagging.keys(call.cloud, offset, limit) if is_custom(call) else Page[str](0, ())
    return {"PaginationToken": pages.token(offset, limit, page.total), "TagKeys": list(page.items)}


_NO_PROJECTS = {"ShowProject": "it counts only for accounts that Tencent has let in"}


@action("DescribeTags", service="tag", needs_region=False, without_effect=_NO_PROJECTS)
def describe(call: Call) -> Reply:
    """TagKeys goes before TagKey and TagValue."""
    params = call.params
    offset, limit = pages.offset_and_limit(params)
    key, value, keys = params.get("TagKey", ""), params.get("TagValue", ""), params.get("TagKeys", [])
    if keys:
        value = ""
    elif key:
        keys = [key]
    page = tagging.pairs(call.cloud, keys, value, offset, limit) if is_own(call) else _NONE
    bound = tagging.bound_pairs(call.cloud, page.items)
    listed = [
        {**item, "CanDelete": int(pair not in bound)}
        for item, pair in zip(shown(list(page.items)), page.items, strict=True)
    ]
    return {"TotalCount": page.total, "Offset": offset, "Limit": limit, "Tags": listed}


@action("DescribeTagKeys", service="tag", needs_region=False, without_effect=_NO_PROJECTS)
def describe_keys(call: Call) -> Reply:
    offset, limit = pages.offset_and_limit(call.params)
    page = tagging.keys(call.cloud, offset, limit) if all((is_own(call), is_custom(call))) else Page[str](0, ())
    return {"TotalCount": page.total, "Offset": offset, "Limit": limit, "Tags": list(page.items)}


@action("DescribeTagValues", service="tag", needs_region=False)
def describe_values(call: Call) -> Reply:
    offset, limit = pages.offset_and_limit(call.params)
    keys = call.params["TagKeys"]
    if not all(keys) or not keys:
        raise UsageError("TagKeys has an empty key, or none.", code="InvalidParameterValue.TagKeyEmpty")
    page = tagging.pairs(call.cloud, keys, "", offset, limit) if all((is_own(call), is_custom(call))) else _NONE
    return {"TotalCount": page.total, "Offset": offset, "Limit": limit, "Tags": shown(list(page.items))}


@action("CreateTag", service="tag", needs_region=False)
def create(call: Call) -> Reply:
    tagging.create(call.cloud, [(call.params["TagKey"], call.params["TagValue"])])
    return {}


@action("CreateTags", service="tag", needs_region=False, refused={"Tags.Category": CATEGORIES})
def create_several(call: Call) -> Reply:
    """All of them or none."""
    new = new_tags(call, "Tags")
    if not new:
        raise UsageError("Tags is empty.", code="InvalidParameter.Tag")
    tagging.create(call.cloud, list(new.items()))
    return {}


@action("DeleteTag", service="tag", needs_region=False)
def delete(call: Call) -> Reply:
    tagging.delete(call.cloud, call.params["TagKey"], call.params["TagValue"])
    return {}


def _listed(call: Call, keys: list[str]) -> Reply:
    places.few(keys, "TagKeys", "LimitExceeded", MOST_KEYS)
    offset, limit = pages.place(call.params)
    page = tagging.pairs(call.cloud, keys, "", offset, limit) if is_custom(call) else _NONE
    return {"PaginationToken": pages.token(offset, limit, page.total), "Tags": shown(list(page.items))}
