"""Claims and what becomes of them."""

from __future__ import annotations

import pytest

from vmsim.verify.proof import STATE_REFUSED, Proof, words


def test_without_a_claim_nothing_is_proved() -> None:
    assert not Proof().passed


def test_true_claims_pass() -> None:
    proof = Proof()
    proof.that(True, "it is so")
    proof.same("the address", ["10.0.0.1"], ["10.0.0.1"])
    assert proof.passed
    assert proof.evidence == ["it is so", "the address unchanged (10.0.0.1)"]


def test_one_false_claim_fails_it_and_the_rest_is_still_heard() -> None:
    proof = Proof()
    proof.same("the address", "10.0.0.1", "10.0.0.2")
    proof.that(True, "it is so")
    assert not proof.passed
    assert proof.evidence == ["NOT SO: the address: 10.0.0.1 → 10.0.0.2", "it is so"]


@pytest.mark.parametrize(("code", "passed"), [(STATE_REFUSED, True), ("InternalError", False), ("", False)])
def test_only_the_published_code_is_a_refusal(code: str, passed: bool) -> None:
    proof = Proof()
    proof.refused("ResetInstancesType", code)
    assert proof.passed is passed


def test_what_broke_off_has_failed() -> None:
    proof = Proof()
    proof.that(True, "it is so")
    proof.broke_off("the guest did not start")
    assert not proof.passed


def test_values_are_shown_without_brackets() -> None:
    assert [words(each) for each in ((1, 2), {"vda": "disk-1"}, "text", 3)] == ["1, 2", "vda disk-1", "text", "3"]
