"""Which type is the next larger one."""

from __future__ import annotations

import pytest

from vmsim.model.instance_types import TYPES
from vmsim.verify.rows.edits import larger


@pytest.mark.parametrize(
    ("name", "next_name"),
    [("LAB1.NANO128", "LAB2.NANO256"), ("LAB1.NANO512", "S5.MEDIUM2"), ("S5.SMALL1", "S5.MEDIUM2")],
)
def test_the_smallest_with_more_of_both(name: str, next_name: str) -> None:
    assert larger(TYPES[name]).cpu > TYPES[name].cpu
    assert larger(TYPES[name]).memory_mib > TYPES[name].memory_mib
    assert larger(TYPES[name]).memory_mib == TYPES[next_name].memory_mib
