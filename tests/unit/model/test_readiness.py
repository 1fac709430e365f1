"""The ladder is in order, and each rung has its words."""

from __future__ import annotations

from vmsim.model.readiness import Rung


def test_each_rung_implies_those_below() -> None:
    assert [rung.name for rung in sorted(Rung)] == ["OFF", "STARTED", "KERNEL", "ADDRESS", "SSH", "LOGIN"]
    assert Rung.LOGIN > Rung.SSH > Rung.ADDRESS > Rung.KERNEL > Rung.STARTED > Rung.OFF


def test_each_rung_has_words_of_its_own() -> None:
    assert len({rung.words for rung in Rung}) == len(Rung)
    assert Rung.LOGIN.words == "the guest is up"
