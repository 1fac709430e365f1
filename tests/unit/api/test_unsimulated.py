from __future__ import annotations

import ast
from typing import Any

import pytest

from style.sources import files, name, tree
from vmsim.api.unsimulated import NOTHING, drop, only, refuse
from vmsim.model.errors import NotSimulated, UsageError, VmsimError

TABLE = {"Kind": only("A", of="B C"), "Disks.Size": NOTHING, "Free": only("A")}


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"Kind": "B"}, NotSimulated),
        ({"Kind": "Z"}, UsageError),
        ({"Free": "Z"}, NotSimulated),
        ({"Disks": [{}, {"Size": 1}]}, NotSimulated),
    ],
)
def test_what_is_not_simulated_is_refused(params: dict[str, Any], error: type[VmsimError]) -> None:
    with pytest.raises(error):
        refuse(params, TABLE)


def test_what_is_not_asked_for_is_not_refused() -> None:
    refuse({"Kind": "A", "Free": "", "Disks": [{"Size": 0}], "Other": 1}, TABLE)


def test_what_has_no_effect_is_taken_away_at_every_depth() -> None:
    params = {"A": 1, "B": {"C": 2, "D": 3}, "E": [{"F": 4}, {"G": 5}]}
    drop(params, ["A", "B.C", "E.F", "Not.There"])
    assert params == {"B": {"D": 3}, "E": [{}, {"G": 5}]}


def test_only_the_dispatcher_refuses_by_a_table() -> None:
    """A table that an action kept to itself would be missing in the reference."""
    calls = [
        (path, node.func) for path in files("vmsim/api") for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
    ]
    callers = {name(path) for path, called in calls if ast.unparse(called).rpartition(".")[2] == "refuse"}
    assert callers == {"vmsim/api/dispatch.py"}
