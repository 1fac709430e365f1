"""The legacy DescribeInstances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vmsim.api.legacy import identity, instance_view
from vmsim.api.legacy.action import LegacyCall, Reply
from vmsim.api.legacy.request import Parameters
from vmsim.api.paging import LARGEST_LIMIT, LIMIT
from vmsim.cloud import images, instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operations_of
from vmsim.cloud.query import Filter, InstanceQuery, Page
from vmsim.model.errors import Malformed, NotFound, UsageError
from vmsim.model.instance import Instance

_FILTERS = ("lanIps", "searchWord", "status", "projectId", "zoneId")


def describe(call: LegacyCall) -> Reply:
    call.params.known("instanceIds", "offset", "limit", *_FILTERS)
    page = _page(call)
    known = {image.id: image for image in images.all(call.cloud)}
    shown = [
        instance_view.instance(found, known.get(found.image_id), _changed(call.cloud, found)) for found in page.items
    ]
    return {"totalCount": page.total, "instanceSet": shown}


def _page(call: LegacyCall) -> Page[Instance]:
    params = call.params
    offset, limit = params.whole("offset", 0), params.whole("limit", LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise UsageError(f"limit is {limit}; it is 1 to {LARGEST_LIMIT}.")
    named = params.texts("instanceIds")
    if not named and not any(name in params for name in _FILTERS):
        return instances.query(call.cloud, InstanceQuery(region=call.region, offset=offset, limit=limit))
    # These filters are not columns of the database, so the whole answer is looked through for a page of it.
    found = _named(call, named) if named else _all(call)
    kept = [instance for instance in found if _matches(params, instance)]
    return Page(len(kept), tuple(kept[offset : offset + limit]))


def _named(call: LegacyCall, named: Sequence[str]) -> list[Instance]:
    """Those that are there: an id that is not is simply not in the answer."""
    found: list[Instance] = []
    for ident in named:
        try:
            found.append(identity.find(call.cloud, call.region, ident))
        except Malformed:
            raise
        except NotFound:
            continue
    return found


def _all(call: LegacyCall) -> Sequence[Instance]:
    filters: tuple[Filter, ...] = ()
    if "projectId" in call.params:
        filters = (Filter("project-id", (str(call.params.whole("projectId")),)),)
    return instances.query(call.cloud, InstanceQuery(region=call.region, filters=filters, limit=None)).items


def _matches(params: Parameters, instance: Instance) -> bool:
    addresses = params.texts("lanIps")
    return (
        (not addresses or bool({instance.private_ip, instance.public_ip} & set(addresses)))
        and ("searchWord" not in params or params.text("searchWord") in instance.name)
        and ("status" not in params or params.whole("status") == instance_view.status(instance))
        and ("projectId" not in params or params.whole("projectId") == instance.project_id)
        and ("zoneId" not in params or params.text("zoneId") == str(instance_view.zone_id(instance)))
    )


def _changed(cloud: Cloud, instance: Instance) -> datetime:
    """As its last operation tells; what the guest did by itself is not in it."""
    last = operations_of(cloud, instance.id, 1)
    return (last[0].ended or last[0].began) if last else instance.created
