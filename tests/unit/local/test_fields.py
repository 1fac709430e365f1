from __future__ import annotations

from typing import Any

import pytest

from vmsim.local import fields
from vmsim.model.errors import Malformed, UsageError
from vmsim.model.launch import LaunchRequest

LAUNCH = fields.of(LaunchRequest, "terminate_at")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", "3"),
        ("count", True),
        ("count", 1.5),
        ("name", 5),
        ("name", ["a"]),
        ("tags", 5),
        ("tags", {"a": 5}),
        ("key_ids", "skey-1"),
        ("key_ids", [5]),
        ("data_disks", [5]),
        ("data_disks", [{"size_gib": "x"}]),
        ("boot_with_lab", "maybe"),
        ("public_ip", "yes"),
        ("zone", {}),
        ("image", []),
    ],
)
def test_a_value_of_another_type_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(Malformed):
        fields.read({name: value}, LAUNCH)


def test_what_is_right_is_read() -> None:
    given = {"name": "web", "count": 2, "tags": {"a": "b"}, "data_disks": [{"size_gib": 5}], "zone": None}
    read = LaunchRequest(region="ap-tokyo", **fields.read(given, LAUNCH))
    assert (read.name, read.count, read.tags, read.zone) == ("web", 2, {"a": "b"}, "")
    assert read.data_disks[0].size_gib == 5
    assert fields.read({"limit": 5}, {"limit": float}) == {"limit": 5}


def test_an_unknown_field_is_named_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="'nmae'") as refused:
        fields.read({"nmae": "web"}, {"name": str})
    assert "name" in refused.value.hint
