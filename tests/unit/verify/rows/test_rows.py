"""The list of rows is the list of sentences."""

from __future__ import annotations

from vmsim.verify.rows import CYCLES


def test_every_sentence_of_this_part_has_one_row() -> None:
    found = sorted((row.id for cycle in CYCLES for row in cycle.rows), key=lambda ident: int(ident[1:]))
    assert found == [f"R{number}" for number in (*range(1, 15), 24, 25)]
