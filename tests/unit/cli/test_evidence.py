from __future__ import annotations

from typing import Any

import pytest

from vmsim.cli import evidence
from vmsim.model.operation import Ending, StopEvidence


def _operation(stop: StopEvidence | None = None, **more: Any) -> dict[str, Any]:
    return {"evidence": {"stop": stop.as_json()} if stop else {}, **more}


def test_a_clean_stop_is_told_in_sentences() -> None:
    stop = StopEvidence(
        stop_type="SOFT",
        presses=(0.1, 10.1),
        acknowledged=10.2,
        acknowledged_by="the guest's kernel took the press",
        shutdown_detail="GUEST",
        ending=Ending.SHUT_ITSELF_DOWN,
        guest_off=12.0,
        stopped=12.5,
        process_gone=12.6,
        qemu_pid=42,
        memory_returned=100 * 2**20,
        file_system="clean",
    )
    assert evidence.sentences(_operation(stop)) == (
        "The power button was pressed twice (0.1 s, 10.1 s after the request).",
        "The guest took the press after 10.2 s (the guest's kernel took the press).",
        "The guest shut itself down (libvirt: shutdown by GUEST).",
        "The guest was done after 12.0 s; libvirt said stopped after 12.5 s; QEMU's process was gone after 12.6 s.",
        "QEMU was process 42, 100 MiB of memory were returned; no memory was saved.",
        "Its file system was left clean.",
    )
    assert evidence.ending(_operation(stop)) == "shut itself down"


def test_a_deaf_guest() -> None:
    deaf = evidence.sentences(_operation(StopEvidence(presses=(0.0,), listening=False)))
    assert deaf[-1] == "Nothing in the guest listens to the power button."
    silent = evidence.sentences(_operation(StopEvidence(presses=(0.0, 1.0, 2.0))))
    assert "3 times" in silent[0] and silent[-1] == "The guest never acknowledged a press."


@pytest.mark.parametrize("ending", list(Ending))
def test_every_ending_has_its_words(ending: Ending) -> None:
    assert evidence.sentences(_operation(StopEvidence(ending=ending)))


def test_no_stop_no_sentences() -> None:
    assert evidence.sentences(_operation()) == () and evidence.ending(_operation()) == ""


def test_seconds_and_caller() -> None:
    began = "2026-01-01T00:00:00.500Z"
    assert evidence.seconds({"began": began, "ended": "2026-01-01T00:00:02.000Z"}) == 1.5
    assert evidence.seconds({"began": began, "ended": None}) is None
    assert evidence.asked_by({"caller": {"how": "cli", "who": "ann"}}) == "the command line, user ann"
    assert evidence.asked_by({"caller": {"how": "guest", "who": ""}}) == "guest"
