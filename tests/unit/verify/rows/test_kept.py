"""Comparing two replies of DescribeInstances."""

from __future__ import annotations

from vmsim.verify.rows.kept import differing


def test_changed_missing_and_new_members_differ() -> None:
    before = {"same": [1], "changed": 1, "missing": None}
    after = {"same": [1], "changed": 2, "new": "x"}
    assert differing(before, after) == {"changed", "new"}
    assert differing(before, before) == set()
