from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim.cloud import names
from vmsim.model.errors import UsageError


@given(st.text(max_size=140), st.integers(1, 20))
def test_a_batch_has_good_names_or_is_refused(name: str, count: int) -> None:
    try:
        made = names.expanded(name, count, default="image")
    except UsageError:
        return
    assert len(made) == count
    assert all(names.check(one) and one.isprintable() and one == one.strip() and one for one in made)


@given(st.integers(0, 10**12), st.integers(0, 8), st.integers(2, 50))
def test_patterns_count_on_from_their_number(first: int, width: int, count: int) -> None:
    made = names.expanded(f"a{{R:{first},F:{width}}}b", count, default="")
    assert [int(one[1:-1]) for one in made] == list(range(first, first + count))
    assert all(len(one) >= width + 2 for one in made)


@given(st.text(alphabet="aZ0-.{R:1}", max_size=70), st.integers(0, 5), st.integers(1, 5))
def test_a_host_name_is_one_or_is_refused(asked: str, number: int, count: int) -> None:
    try:
        made = names.host_name(asked, "ins-00000000", number, count, "172.16.0.2")
    except UsageError:
        return
    assert re.fullmatch(r"[A-Za-z0-9.-]{2,60}", made)
    assert all(label and label[0] != "-" and label[-1] != "-" for label in made.split("."))


@pytest.mark.parametrize(
    ("asked", "made"), [("", "ins-00000000"), ("web", "web3"), ("web-{R:5}", "web-7"), ("a-{IP}", "a-172-16-0-2")]
)
def test_host_names_of_a_batch(asked: str, made: str) -> None:
    assert names.host_name(asked, "ins-00000000", 2, 4, "172.16.0.2") == made
