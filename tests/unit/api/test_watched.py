from __future__ import annotations

from vmsim.api.watched import Watched


def test_what_nobody_looks_at_is_told_with_its_place() -> None:
    params = Watched({"A": 1, "B": {"C": 2, "D": 3}, "E": [{"F": 4, "G": 5}], "H": []})
    assert params["A"] == 1
    assert params.get("B", {}).get("C") == 2
    assert [item["F"] for item in params["E"]] == [4]
    assert params.ignored() == ["B.D", "E.G", "H"]


def test_a_walk_looks_at_everything() -> None:
    params = Watched({"A": 1, "B": {"C": 2}})
    assert {**params} == {"A": 1, "B": {"C": 2}}
    assert params.ignored() == ["B.C"]
    assert dict(params["B"].items()) == {"C": 2}
    assert params.ignored() == []


def test_asking_whether_it_is_there_is_no_look() -> None:
    params = Watched({"A": 1})
    assert "A" in params
    assert params.ignored() == ["A"]
