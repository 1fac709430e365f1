"""DescribeInstances and DescribeInstancesStatus."""

from __future__ import annotations

from vmsim.api import paging
from vmsim.api.action import Call, Raw, Reply, action, encoded
from vmsim.api.cvm import filter_values, instance_view
from vmsim.cloud import images, instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import InstanceQuery

_JSON = "DescribeInstances"
_OS_NAMES = "the OsName of every image"


@action("DescribeInstances", remembered=True)
def describe(call: Call) -> Reply:
    """Instances by ids or filters, with all that is known of them."""
    page = instances.query_ids(call.cloud, _asked(call))
    shown = _shown(call.cloud, page.items)
    return {"TotalCount": page.total, "InstanceSet": Raw(b"[" + b", ".join(shown) + b"]")}


@action("DescribeInstancesStatus", remembered=True)
def describe_status(call: Call) -> Reply:
    """The states alone."""
    page = instances.query(call.cloud, _asked(call))
    shown = [{"InstanceId": found.id, "InstanceState": found.state.value} for found in page.items]
    return {"TotalCount": page.total, "InstanceStatusSet": shown}


def _shown(cloud: Cloud, ids: tuple[str, ...]) -> list[bytes]:
    """Each as JSON, which is made again only when its record has changed."""
    as_of = cloud.store.kept.now()
    found: dict[str, bytes] = cloud.store.kept.get(_JSON, ids)
    missing = [ident for ident in ids if ident not in found]
    if missing:
        os_names = cloud.store.remembered(_OS_NAMES, lambda: {image.id: image.os_name for image in images.all(cloud)})
        records = instances.records(cloud, missing)
        made = {
            ident: encoded(instance_view.instance(record, os_names.get(record.image_id, "")))
            for ident, record in records.items()
        }
        cloud.store.kept.put(_JSON, made, as_of)
        found |= made
    return [found[ident] for ident in ids if ident in found]


def _asked(call: Call) -> InstanceQuery:
    named = paging.given_ids(call.params, "InstanceIds", "ins")
    filtered = paging.filters(call.params)
    paging.not_both(named, filtered, "InstanceIds")
    filter_values.check(filtered, call.region)
    return InstanceQuery(
        region=call.region,
        ids=named,
        filters=filtered,
        offset=paging.offset(call.params),
        limit=paging.limit(call.params),
    )
