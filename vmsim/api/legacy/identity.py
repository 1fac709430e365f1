"""Names of old: `qcvm` and 32 digits for an instance (here its uuid's), and numbers for what has text ids now."""

from __future__ import annotations

import re
import uuid

from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, InstanceQuery
from vmsim.model import ids
from vmsim.model.errors import NotFound
from vmsim.model.instance import Instance


def old_id(instance: Instance) -> str:
    return f"qcvm{uuid.UUID(instance.uuid).hex}"


def number(ident: str) -> int:
    """The eight letters and digits of an id as a number; 0 where there is no id."""
    _, _, letters = ident.partition("-")
    return int(letters, 36) if letters else 0


def find(cloud: Cloud, region: str, ident: str) -> Instance:
    """By either id. Raises Malformed or NotFound."""
    found = re.fullmatch(r"qcvm([0-9a-f]{32})", ident)
    if found is None:
        return instances.get(cloud, ids.check("ins", ident), region=region)
    by_uuid = Filter("uuid", (str(uuid.UUID(found[1])),))
    page = instances.query(cloud, InstanceQuery(region=region, filters=(by_uuid,)))
    if not page.items:
        raise NotFound("instance", ident)
    return page.items[0]
