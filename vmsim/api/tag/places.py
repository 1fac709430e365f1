"""Where the Tag service's requests say which resources are meant: six-segment names, or their segments one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vmsim.api.action import Call
from vmsim.cloud.account import owner
from vmsim.model import ids, resource
from vmsim.model.errors import Missing, OutOfResources, UsageError
from vmsim.model.regions import REGIONS
from vmsim.model.resource import Resource, ResourceKind

MOST_OF_A_REQUEST = 10


def named(call: Call) -> Resource:
    """Resource, in six segments."""
    return resource.parse(call.params["Resource"], owner(call.cloud))


def listed(call: Call) -> list[Resource]:
    """ResourceList, in six segments, each once."""
    given: list[str] = call.params.get("ResourceList", [])
    few(given, "ResourceList", "LimitExceeded.ResourceNumPerRequest")
    return list(dict.fromkeys(resource.parse(text, owner(call.cloud)) for text in given))


def by_ids(params: Mapping[str, Any], most: int) -> list[Resource]:
    """ResourceIds with their service, kind and region."""
    given: list[str] = params["ResourceIds"]
    few(given, "ResourceIds", "LimitExceeded.ResourceNumPerRequest", most)
    if not given:
        raise Missing("ResourceIds is empty.", code="InvalidParameterValue.ResourceIdInvalid")
    found, where = kind(params), region(params)
    for ident in given:
        if not ids.is_id(found.id_prefix, ident):
            raise UsageError(
                f"{ident!r} is not the id of a resource of kind {found.value}.",
                code="InvalidParameterValue.ResourceIdInvalid",
            )
    return [Resource(found, where, ident) for ident in dict.fromkeys(given)]


def kind(params: Mapping[str, Any]) -> ResourceKind:
    """ServiceType and ResourcePrefix."""
    if not params.get("ResourcePrefix"):
        raise Missing("ResourcePrefix is missing.", code="InvalidParameterValue.ResourcePrefixInvalid")
    return resource.kind(params["ServiceType"], params["ResourcePrefix"])


def region(params: Mapping[str, Any]) -> str:
    """ResourceRegion, which every kind of resource here needs."""
    given: str = params.get("ResourceRegion", "")
    if given not in REGIONS:
        raise UsageError(f"ResourceRegion is {given!r}.", code="InvalidParameterValue.RegionInvalid")
    return given


def few(given: Sequence[object], name: str, code: str, most: int = MOST_OF_A_REQUEST) -> None:
    """Raises OutOfResources for a list that is longer than published."""
    if len(given) > most:
        raise OutOfResources(f"{name} has {len(given)} items; at most {most} are allowed.", code=code)
