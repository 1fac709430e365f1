"""Metadata for programs on the workstation, which reach it through `http_proxy`.

They run in no instance, so nothing that belongs to one is there; what is: where the home is, and keys of its role for
the home's own user.
"""

from __future__ import annotations

from urllib.parse import unquote

from vmsim.api.answer import Answer
from vmsim.api.metadata.credentials import as_told
from vmsim.api.metadata.tree import Facts, content, tree
from vmsim.api.request import WireRequest
from vmsim.cloud.account import owner, role
from vmsim.cloud.context import Cloud
from vmsim.model.regions import region

HOSTS = frozenset({"metadata.tencentyun.com", "169.254.0.23"})
_PLAIN = "text/plain"


def is_metadata(wire: WireRequest) -> bool:
    return wire.host.partition(":")[0].lower() in HOSTS


def answer(cloud: Cloud, wire: WireRequest) -> Answer:
    if wire.method not in ("GET", "HEAD"):
        return Answer(b"Only GET is served here.\n", 405, _PLAIN)
    # Another user of this machine may know where the home is, but gets no key to it.
    trusted = wire.connection is None or cloud.is_own_user(*wire.connection)
    found = content(tree(_facts(cloud, trusted)), unquote(wire.path))
    if found is None:
        return Answer(b"There is nothing here.\n", 404, _PLAIN)
    return Answer(found, content_type=_PLAIN)


def _facts(cloud: Cloud, trusted: bool) -> Facts:
    here = region(cloud.settings.region)
    own = role(cloud)
    return Facts(
        app_id=str(owner(cloud).app_id),
        region=here.name,
        zone=here.zone_names()[0],
        roles=(own,) if trusted and own else (),
        credentials=lambda asked: as_told(cloud, asked),
    )
