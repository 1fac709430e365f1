"""Tags put on resources and taken off again, by the resource's six-segment name.

TagResources and UnTagResources do each resource by itself and list those that failed; the others refuse as a whole.
"""

from __future__ import annotations

from typing import Any

from vmsim.api import error_codes
from vmsim.api.action import Call, Reply, action
from vmsim.api.tag import places
from vmsim.api.unsimulated import only
from vmsim.cloud import tagging
from vmsim.cloud.account import owner
from vmsim.cloud.tagging import Change
from vmsim.model.errors import UsageError, VmsimError
from vmsim.model.resource import Resource

CATEGORIES = only("Custom", of="System All")
_TOO_MANY_TAGS = "LimitExceeded.TagNumPerRequest"


@action("TagResources", service="tag", needs_region=False, refused={"Tags.Category": CATEGORIES})
def tag(call: Call) -> Reply:
    return _each(call, tagging.added(new_tags(call, "Tags")))


@action("UnTagResources", service="tag", needs_region=False)
def untag(call: Call) -> Reply:
    keys = call.params["TagKeys"]
    places.few(keys, "TagKeys", _TOO_MANY_TAGS)
    return _each(call, tagging.replaced({}, keys))


@action("ModifyResourceTags", service="tag", needs_region=False, refused={"ReplaceTags.Category": CATEGORIES})
def modify(call: Call) -> Reply:
    """What the Terraform provider calls for every change of a resource's tags."""
    new = new_tags(call, "ReplaceTags")
    gone = [item["TagKey"] for item in call.params.get("DeleteTags", [])]
    places.few(gone, "DeleteTags", _TOO_MANY_TAGS)
    if not new and not gone:
        raise UsageError("ReplaceTags and DeleteTags are both empty.", code="InvalidParameter.Tag")
    if both := sorted(set(new) & set(gone)):
        raise UsageError(
            f"{both[0]} is in ReplaceTags and in DeleteTags.", code="InvalidParameterValue.DeleteTagsParamError"
        )
    tagging.change(call.cloud, [places.named(call)], tagging.replaced(new, gone))
    return {}


@action("AddResourceTag", service="tag", needs_region=False)
def add(call: Call) -> Reply:
    become = tagging.attached(call.params["TagKey"], call.params["TagValue"])
    tagging.change(call.cloud, [places.named(call)], become)
    return {}


@action("UpdateResourceTagValue", service="tag", needs_region=False)
def update(call: Call) -> Reply:
    become = tagging.revalued(call.params["TagKey"], call.params["TagValue"])
    tagging.change(call.cloud, [places.named(call)], become)
    return {}


@action("DeleteResourceTag", service="tag", needs_region=False)
def delete(call: Call) -> Reply:
    tagging.change(call.cloud, [places.named(call)], tagging.detached(call.params["TagKey"]))
    return {}


@action("AttachResourcesTag", service="tag", needs_region=False)
def attach(call: Call) -> Reply:
    become = tagging.attached(call.params["TagKey"], call.params["TagValue"])
    tagging.change(call.cloud, places.by_ids(call.params, _MOST_IDS), become)
    return {}


@action("DetachResourcesTag", service="tag", needs_region=False)
def detach(call: Call) -> Reply:
    tagging.change(call.cloud, places.by_ids(call.params, _MOST_IDS), tagging.detached(call.params["TagKey"]))
    return {}


@action("ModifyResourcesTagValue", service="tag", needs_region=False)
def modify_value(call: Call) -> Reply:
    become = tagging.revalued(call.params["TagKey"], call.params["TagValue"])
    tagging.change(call.cloud, places.by_ids(call.params, _MOST_IDS), become)
    return {}


def new_tags(call: Call, name: str) -> dict[str, str]:
    """A list of tags, each key once."""
    given = call.params.get(name, [])
    places.few(given, name, _TOO_MANY_TAGS)
    found = {item["TagKey"]: item["TagValue"] for item in given}
    if len(found) < len(given):
        raise UsageError(f"A key comes twice in {name}.", code="InvalidParameterValue.TagKeyDuplicate")
    return found


_MOST_IDS = 50


def _each(call: Call, become: Change) -> Reply:
    resources = places.listed(call)
    if not resources:
        raise UsageError("ResourceList is empty.", code="InvalidParameter")
    return {"FailedResources": [failed for one in resources for failed in _failure(call, one, become)]}


def _failure(call: Call, resource: Resource, become: Change) -> list[dict[str, Any]]:
    try:
        tagging.change(call.cloud, [resource], become)
    except VmsimError as error:
        return [
            {
                "Resource": resource.name(owner(call.cloud)),
                "Code": error_codes.code(error, "tag", "TagResources"),
                "Message": error.message,
            }
        ]
    return []
