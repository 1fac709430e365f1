"""Rows on a guest that only says what it is told to: the order of moments, and who fails when something fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from vmsim.client import Client
from vmsim.config import Home, Settings
from vmsim.host.process import Process
from vmsim.lab.lab import Lab
from vmsim.model.errors import HostError, Refused
from vmsim.verify.api_client import Api
from vmsim.verify.cycle import Cycle, Row, Steps, play
from vmsim.verify.guest import Accepted, Guest
from vmsim.verify.inside import Inside, Login
from vmsim.verify.moment import Moment
from vmsim.verify.outside import Outside
from vmsim.verify.proof import Proof
from vmsim.verify.stage import Stage


class OwnProcess(Outside):
    def qemu(self) -> Process:
        return Process(os.getpid())


class Obedient(Guest):
    """Does what it is asked at once; fails at the action in `fails_at`."""

    fails_at = ""

    def describe(self) -> dict[str, Any]:
        return {}

    def settled(self, state: str) -> None:
        pass

    def wait_up(self) -> None:
        pass

    def act(self, action: str, **params: Any) -> Accepted:
        if action == self.fails_at:
            raise HostError("the host is tired")
        return Accepted("request", 0.0)


Verdicts = dict[str, Proof]


@pytest.fixture
def on(tmp_path: Path) -> Stage:
    lab = Lab(Home(tmp_path), Settings())
    return Stage(lab, Client(tmp_path / "socket"), Api(1, "id", "key", "ap-guangzhou"), {})


def played(on: Stage, *rows: Row, fails_at: str = "") -> Verdicts:
    verdicts: Verdicts = {}

    def launch(stage: Stage) -> Guest:
        if fails_at == "launch":
            raise Refused("no memory is left")
        made = Obedient(stage, "ins-aaaaaaaa", Inside(stage.home, "", Login()), OwnProcess(stage.lab, ""))
        made.fails_at = fails_at
        return made

    def decided(row: Row, proof: Proof) -> None:
        assert row.id not in verdicts
        verdicts[row.id] = proof

    play(Cycle("a guest", launch, rows), on, decided, lambda _: None)
    return verdicts


def row(ident: str, *moments: Moment) -> Row:
    def steps(guest: Guest, proof: Proof) -> Steps:
        proof.that(True, "begun")
        for moment in moments:
            yield moment
            proof.that(moment in guest.described, moment.name)

    return Row(ident, "a sentence", steps)


def broken(ident: str, error: Exception) -> Row:
    def steps(guest: Guest, proof: Proof) -> Steps:
        proof.that(True, "begun")
        yield Moment.STOPPED
        raise error

    return Row(ident, "a sentence", steps)


def test_a_row_goes_through_the_moments_it_asks_for(on: Stage) -> None:
    verdicts = played(on, row("R1", *list(Moment)[1:]), row("R2"), row("R3", Moment.AGAIN))
    assert all(proof.passed for proof in verdicts.values())
    assert verdicts["R1"].evidence == ["begun", "STOPPING", "STOPPED", "AGAIN", "LAST"]
    assert list(verdicts) == ["R2", "R3", "R1"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("not now", code="UnsupportedOperation"), "BROKE OFF: not now [UnsupportedOperation]"),
        (KeyError("sectors_vda"), "BROKE OFF: a bug of this proof: KeyError: 'sectors_vda'"),
    ],
    ids=["refused", "a bug"],
)
def test_a_row_that_fails_fails_alone(on: Stage, error: Exception, said: str) -> None:
    verdicts = played(on, row("R1", Moment.AGAIN), broken("R2", error), row("R3", Moment.LAST))
    assert verdicts["R1"].passed and verdicts["R3"].passed
    assert not verdicts["R2"].passed
    assert verdicts["R2"].evidence == ["begun", said]


def test_a_guest_that_does_not_start_again_fails_who_waits_for_it(on: Stage) -> None:
    verdicts = played(on, row("R1", Moment.STOPPED), row("R2", Moment.AGAIN), fails_at="StartInstances")
    assert verdicts["R1"].passed
    assert not verdicts["R2"].passed
    assert verdicts["R2"].evidence[-1] == "BROKE OFF: starting it again, looking inside: the host is tired"


def test_without_a_guest_every_row_fails(on: Stage) -> None:
    verdicts = played(on, row("R1"), row("R2", Moment.STOPPED), fails_at="launch")
    assert [proof.evidence for proof in verdicts.values()] == [["BROKE OFF: launching it: no memory is left"]] * 2


def test_a_row_that_waits_for_a_moment_that_is_over_fails(on: Stage) -> None:
    verdicts = played(on, row("R1", Moment.AGAIN, Moment.STOPPED))
    assert not verdicts["R1"].passed
