from __future__ import annotations

import pytest

from vmsim.api import flattened
from vmsim.model.errors import UsageError


def test_names_with_dots_make_a_tree() -> None:
    pairs = {"Filters.0.Name": "zone", "Filters.0.Values.1": "b", "Filters.0.Values.0": "a", "Limit": "1"}
    assert flattened.nested(pairs) == {
        "Filters": {"0": {"Name": "zone", "Values": {"1": "b", "0": "a"}}},
        "Limit": "1",
    }


def test_indices_give_the_order() -> None:
    assert flattened.as_list({"10": "c", "1": "a", "2": "b"}) == ["a", "b", "c"]
    assert flattened.as_list({"a": "b"}) is None


@pytest.mark.parametrize("pairs", [{"A": "1", "A.B": "2"}, {"A.B": "2", "A": "1"}, {".".join("a" * 40): "deep"}])
def test_contradictions_are_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        flattened.nested(pairs)
    assert caught.value.code == "InvalidParameter"
