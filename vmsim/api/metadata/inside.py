"""Metadata for guests, at 169.254.0.23 (metadata.tencentyun.com) and 169.254.169.254 inside the lab.

Who asks is known by its address alone, which the lab's filters hold every guest to (`host/ruleset.py`): so a guest is
told of itself and of no other. What is no guest's address is told nothing.
"""

from __future__ import annotations

from urllib.parse import unquote

from vmsim.api.answer import Answer
from vmsim.api.metadata.credentials import as_told
from vmsim.api.metadata.tree import Facts, Key, Network, content, tree
from vmsim.api.request import WireRequest
from vmsim.cloud import guests
from vmsim.cloud.account import owner
from vmsim.cloud.context import Cloud

_PLAIN = "text/plain"


def answer(cloud: Cloud, wire: WireRequest) -> Answer:
    if wire.method not in ("GET", "HEAD"):
        return Answer(b"Only GET is served here.\n", 405, _PLAIN)
    facts = _facts(cloud, wire.connection[0][0]) if wire.connection else None
    found = content(tree(facts), unquote(wire.path)) if facts else None
    if found is None:
        return Answer(b"There is nothing here.\n", 404, _PLAIN)
    return Answer(found, content_type=_PLAIN)


def _facts(cloud: Cloud, address: str) -> Facts | None:
    found = guests.at(cloud, address)
    if found is None:
        return None
    instance, subnet = found.instance, found.subnet
    return Facts(
        app_id=str(owner(cloud).app_id),
        region=instance.region,
        zone=instance.zone,
        roles=(instance.cam_role,) if instance.cam_role else (),
        credentials=lambda role: as_told(cloud, role),
        instance=instance,
        network=Network(str(subnet.gateway), str(subnet.cidr.netmask)),
        keys=tuple(Key(key.name, key.public_key) for key in found.keys),
    )
