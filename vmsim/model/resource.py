"""Resources by the cloud's six-segment names: `qcs::cvm:ap-guangzhou:uin/100000000001:instance/ins-3k9x0q2a`.

Segments: `qcs`, project (always empty), service, region, owner, kind and id. The owner may be empty, or `uin/` with
nothing behind it, as the Terraform provider writes it: both are the account itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from vmsim.model import ids
from vmsim.model.account import Account
from vmsim.model.errors import NotSimulated, UsageError
from vmsim.model.regions import REGIONS

SERVICE = "cvm"
"""Under it the cloud names disks, snapshots, images, keys and security groups, too."""
NETWORK = "vpc"
BAD_NAME = "InvalidParameterValue.ResourceDescriptionError"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class ResourceKind(str, Enum):
    """Values are the published prefixes."""

    INSTANCE = "instance"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    IMAGE = "image"
    KEY_PAIR = "keypair"
    SECURITY_GROUP = "sg"
    VPC = "vpc"
    SUBNET = "subnet"
    ADDRESS = "eip"

    @property
    def id_prefix(self) -> str:
        return _ID_PREFIXES[self]

    @property
    def service(self) -> str:
        """Which product's name it bears."""
        return NETWORK if self in _OF_NETWORK else SERVICE

    @property
    def noun(self) -> str:
        return ids.NOUNS[self.id_prefix]


_ID_PREFIXES = {
    ResourceKind.INSTANCE: "ins",
    ResourceKind.VOLUME: "disk",
    ResourceKind.SNAPSHOT: "snap",
    ResourceKind.IMAGE: "img",
    ResourceKind.KEY_PAIR: "skey",
    ResourceKind.SECURITY_GROUP: "sg",
    ResourceKind.VPC: "vpc",
    ResourceKind.SUBNET: "subnet",
    ResourceKind.ADDRESS: "eip",
}
_OF_NETWORK = (ResourceKind.VPC, ResourceKind.SUBNET, ResourceKind.ADDRESS)
_SERVICES = tuple(dict.fromkeys(each.service for each in ResourceKind))


@dataclass(frozen=True)
class Resource:
    """What can carry tags."""

    kind: ResourceKind
    region: str
    id: str

    def name(self, owner: Account) -> str:
        """In six segments."""
        return f"qcs::{self.kind.service}:{self.region}:uin/{owner.uin}:{self.kind.value}/{self.id}"


def parse(text: str, owner: Account) -> Resource:
    """Raises UsageError for what is no name of one's own resource, NotSimulated for a service or kind not here."""
    segments = text.split(":")
    if len(segments) != 6 or segments[0] != "qcs" or segments[1]:
        raise _bad(text, "it has six segments, and begins with qcs::")
    _, _, service, region, account, last = segments
    if account not in ("", "uin/", f"uin/{owner.uin}"):
        raise _bad(text, f"the account is uin/{owner.uin}")
    prefix, slash, ident = last.partition("/")
    if not _WORD.fullmatch(service) or not _WORD.fullmatch(prefix) or not slash:
        raise _bad(text, "a service, and kind/id at the end, belong to it")
    found = kind(service, prefix)
    if region not in REGIONS:
        raise _bad(text, f"there is no region {region!r}")
    if not ids.is_id(found.id_prefix, ident):
        raise _bad(text, f"the id of its {found.noun} is {found.id_prefix}- and eight of a-z and 0-9")
    return Resource(found, region, ident)


def check_service(service: str) -> None:
    """Raises NotSimulated by name."""
    if service not in _SERVICES:
        known = ", ".join(_SERVICES)
        raise NotSimulated(f"Tags of the service {service} are not simulated; those of {known} are.")


def kind(service: str, prefix: str) -> ResourceKind:
    """Raises NotSimulated by name."""
    check_service(service)
    known = {one.value: one for one in ResourceKind if one.service == service}
    if prefix not in known:
        raise NotSimulated(f"Tags of {service}'s {prefix} are not simulated; those of {', '.join(known)} are.")
    return known[prefix]


def _bad(text: str, why: str) -> UsageError:
    return UsageError(f"{text!r} is not the name of a resource: {why}.", code=BAD_NAME)
