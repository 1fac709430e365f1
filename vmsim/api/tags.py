"""Tags on the wire: a list of {Key, Value}; in requests inside a TagSpecification by kind of resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vmsim.model.errors import NotSimulated, UsageError


def asked(params: Mapping[str, Any], resource: str) -> dict[str, str]:
    """The tags for one kind of resource. Raises when there are others, or a key comes twice."""
    found: dict[str, str] = {}
    for item in params.get("TagSpecification", []):
        if item["ResourceType"] != resource:
            raise NotSimulated(f"TagSpecification.ResourceType={item['ResourceType']} is not simulated here.")
        _add(found, item["Tags"])
    return found


def listed(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A plain list of tags. Raises when a key comes twice."""
    found: dict[str, str] = {}
    _add(found, given)
    return found


def _add(found: dict[str, str], given: Sequence[Mapping[str, str]]) -> None:
    for tag in given:
        value = tag.get("Value", "")
        if found.setdefault(tag["Key"], value) != value:
            raise UsageError(f"The tag {tag['Key']} is given twice.", code="InvalidParameterValue.DuplicateTags")


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
