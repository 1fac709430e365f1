from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vmsim.api import paging
from vmsim.cloud.query import Filter
from vmsim.model.errors import VmsimError

A, B = "ins-aaaaaaaa", "ins-bbbbbbbb"


def test_ids_come_once_and_in_order() -> None:
    assert paging.required_ids({"InstanceIds": [B, A, B]}, "InstanceIds", "ins") == (B, A)


def test_absent_ids_are_none() -> None:
    assert paging.given_ids({}, "InstanceIds", "ins") == ()


def test_filters_are_read() -> None:
    assert paging.filters({"Filters": [{"Name": "zone", "Values": ["a", "b"]}]}) == (Filter("zone", ("a", "b")),)


def test_a_page_has_its_defaults() -> None:
    assert (paging.offset({}), paging.limit({})) == (0, 20)
    assert (paging.offset({"Offset": 3}), paging.limit({"Limit": 100})) == (3, 100)


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda: paging.required_ids({"I": []}, "I", "ins"), "MissingParameter"),
        (lambda: paging.required_ids({"I": [A] * 101}, "I", "ins"), "InvalidParameterValue.LimitExceeded"),
        (lambda: paging.required_ids({"I": ["ins-A"]}, "I", "ins"), "InvalidParameterValue.InstanceIdMalformed"),
        (lambda: paging.filters({"Filters": [_filter()] * 11}), "InvalidParameterValue.LimitExceeded"),
        (lambda: paging.filters({"Filters": [_filter(6)]}), "InvalidFilterValue.LimitExceeded"),
        (lambda: paging.not_both((A,), (Filter("a", ()),), "I"), "InvalidParameter"),
        (lambda: paging.offset({"Offset": -1}), "InvalidParameterValue.LimitExceeded"),
        (lambda: paging.limit({"Limit": 0}), "InvalidParameterValue.LimitExceeded"),
        (lambda: paging.limit({"Limit": 101}, "X"), "X"),
    ],
)
def test_limits_are_kept(read: Callable[[], Any], code: str) -> None:
    with pytest.raises(VmsimError) as caught:
        read()
    assert caught.value.code == code


def _filter(values: int = 1) -> dict[str, Any]:
    return {"Name": "zone", "Values": ["v"] * values}
