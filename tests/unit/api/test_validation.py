from __future__ import annotations

from typing import Any

import pytest

from vmsim.api import spec, validation
from vmsim.model.errors import VmsimError

CVM = spec.service("cvm")


def read(action: str, raw: dict[str, Any], *, textual: bool = False) -> dict[str, Any]:
    return validation.request_parameters(CVM, action, raw, textual=textual)


@pytest.mark.parametrize(
    ("action", "raw", "code", "place"),
    [
        ("StopInstances", {"InstanceIds": ["a"], "Foo": 1}, "UnknownParameter", "Foo"),
        (
            "DescribeInstances",
            {"Filters": [{"Name": "a", "Values": [], "Foo": 1}]},
            "UnknownParameter",
            "Filters.0.Foo",
        ),
        ("StopInstances", {}, "MissingParameter", "InstanceIds"),
        ("StopInstances", {"InstanceIds": None}, "MissingParameter", "InstanceIds"),
        ("DescribeInstances", {"Filters": [{"Name": "a"}]}, "MissingParameter", "Filters.0.Values"),
        ("StopInstances", {"InstanceIds": "ins-aaaaaaaa"}, "InvalidParameter", "InstanceIds"),
        ("StopInstances", {"InstanceIds": [1]}, "InvalidParameter", "InstanceIds.0"),
        ("StopInstances", {"InstanceIds": ["a\0b"]}, "InvalidParameter", "InstanceIds.0"),
        ("StopInstances", {"InstanceIds": ["\ud800"]}, "InvalidParameter", "InstanceIds.0"),
        ("DescribeInstances", {"Limit": 1.0}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": True}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": "many"}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": 2**63}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Filters": ["a"]}, "InvalidParameter", "Filters.0"),
        ("RunInstances", {"DryRun": 1}, "InvalidParameter", "DryRun"),
        ("RunInstances", {"Placement": "a"}, "InvalidParameter", "Placement"),
    ],
)
def test_what_the_schema_has_otherwise_is_refused_where_it_is(
    action: str, raw: dict[str, Any], code: str, place: str
) -> None:
    with pytest.raises(VmsimError) as caught:
        read(action, raw)
    assert caught.value.code == code
    assert f" {place} " in caught.value.message


def test_text_becomes_what_the_schema_says() -> None:
    raw = {"InstanceCount": "2", "DryRun": "True", "Placement": {"Zone": "z", "ProjectId": "7"}}
    expected = {"InstanceCount": 2, "DryRun": True, "Placement": {"Zone": "z", "ProjectId": 7}}
    assert read("RunInstances", raw) == expected
    assert read("RunInstances", raw, textual=True) == expected


def test_flattened_lists_become_lists() -> None:
    raw = {"InstanceIds": {"0": "a", "1": "b"}, "Filters": {"0": {"Name": "n", "Values": {"0": "v"}}}}
    expected = {"InstanceIds": ["a", "b"], "Filters": [{"Name": "n", "Values": ["v"]}]}
    assert read("DescribeInstances", raw, textual=True) == expected
    with pytest.raises(VmsimError):
        read("DescribeInstances", raw)


def test_null_is_not_given() -> None:
    assert read("StopInstances", {"InstanceIds": ["a"], "StopType": None}) == {"InstanceIds": ["a"]}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({"TotalCount": 0}, "ZoneSet is missing"),
        ({"TotalCount": 0, "ZoneSet": [], "Foo": 1}, "Foo is not in"),
        ({"TotalCount": "0", "ZoneSet": []}, "TotalCount"),
        ({"TotalCount": 0, "ZoneSet": None}, "ZoneSet is null"),
        ({"TotalCount": 0, "ZoneSet": [{"Zone": "z"}]}, "ZoneSet.ZoneName is missing"),
        ({"TotalCount": 0, "ZoneSet": {}}, "ZoneSet"),
    ],
)
def test_a_reply_that_the_schema_has_otherwise_is_found(reply: dict[str, Any], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        validation.check_reply(CVM, "DescribeZones", reply)
