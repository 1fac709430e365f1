"""Evidence of a stop survives its way through JSON, also an older or a newer program's."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from vmsim.model.operation import Ending, StopEvidence

FULL = StopEvidence(
    stop_type="SOFT",
    presses=(0.1, 10.1),
    listening=True,
    acknowledged=10.2,
    acknowledged_by="registers",
    shutdown_detail="GUEST",
    ending=Ending.SHUT_ITSELF_DOWN,
    guest_off=11.0,
    stopped=11.5,
    process_gone=11.6,
    qemu_pid=4711,
    memory_returned=300_000_000,
    file_system="clean",
    serial_tail=("reboot: Power down", "ünïcode \x1b[0m"),
    managed_save=True,
)


@pytest.mark.parametrize("evidence", [StopEvidence(), FULL, *(StopEvidence(ending=ending) for ending in Ending)])
def test_there_and_back(evidence: StopEvidence) -> None:
    assert StopEvidence.from_json(json.loads(json.dumps(evidence.as_json()))) == evidence


def test_every_field_makes_the_journey() -> None:
    empty = StopEvidence()
    assert all(getattr(FULL, field.name) != getattr(empty, field.name) for field in fields(StopEvidence))
    assert set(FULL.as_json()) == {field.name for field in fields(StopEvidence)}


def test_what_another_version_wrote_is_read_as_far_as_it_is_known() -> None:
    assert StopEvidence.from_json({}) == StopEvidence()
    assert StopEvidence.from_json({"stop_type": "HARD", "of_the_future": 1}) == StopEvidence(stop_type="HARD")
    assert StopEvidence.from_json({"presses": None, "ending": ""}) == StopEvidence()


def test_clean_is_what_the_guest_did_itself() -> None:
    assert {ending.name for ending in Ending if ending.clean} == {
        "SHUT_ITSELF_DOWN",
        "SHUT_DOWN_LATE",
        "POWERED_OFF_INSIDE",
    }
