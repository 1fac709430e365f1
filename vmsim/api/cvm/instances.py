"""DescribeInstances and DescribeInstancesStatus."""

from __future__ import annotations

from vmsim.api import paging
from vmsim.api.action import Call, Reply, action
from vmsim.api.cvm import instance_view
from vmsim.cloud import images, instances
from vmsim.cloud.query import InstanceQuery


@action("DescribeInstances")
def describe(call: Call) -> Reply:
    """Instances by ids or filters, with all that is known of them."""
    page = instances.query(call.cloud, _asked(call))
    os_names = {image.id: image.os_name for image in images.all(call.cloud)}
    shown = [instance_view.instance(found, os_names.get(found.image_id, "")) for found in page.items]
    return {"TotalCount": page.total, "InstanceSet": shown}


@action("DescribeInstancesStatus")
def describe_status(call: Call) -> Reply:
    """The states alone."""
    page = instances.query(call.cloud, _asked(call))
    shown = [{"InstanceId": found.id, "InstanceState": found.state.value} for found in page.items]
    return {"TotalCount": page.total, "InstanceStatusSet": shown}


def _asked(call: Call) -> InstanceQuery:
    named = paging.given_ids(call.params, "InstanceIds", "ins")
    filtered = paging.filters(call.params)
    paging.not_both(named, filtered, "InstanceIds")
    return InstanceQuery(
        region=call.region,
        ids=named,
        filters=filtered,
        offset=paging.offset(call.params),
        limit=paging.limit(call.params),
    )
