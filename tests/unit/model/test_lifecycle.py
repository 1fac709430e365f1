"""Every verb in every state, against the published matrix written down here once more, by hand."""

from __future__ import annotations

from itertools import product

import pytest

from vmsim.model.lifecycle import (
    ACTIONS,
    OBSERVATIONS,
    OPERATIONS,
    REFUSED_CODES_BY_STATE,
    TRANSITIONAL,
    InstanceState,
    Observation,
    OperationState,
    StoppedMode,
    StopType,
    Verb,
    allowed,
    observed,
)

STATES = [
    "PENDING", "LAUNCH_FAILED", "RUNNING", "STOPPED", "STARTING", "STOPPING", "REBOOTING", "SHUTDOWN", "TERMINATING",
]  # fmt: skip
# y: accepted · f: only with force · -: refused. From the cloud's published transitions and refusal codes.
MATRIX = {
    #                     PEND LF  RUN STO STA STI REB SHU TER
    "run":               "-    -   -   -   -   -   -   -   -",
    "start":             "-    -   -   y   -   -   -   -   -",
    "stop":              "-    -   y   -   -   -   -   -   -",
    "reboot":            "-    -   y   -   -   -   -   -   -",
    "terminate":         "-    f   y   y   -   -   -   y   -",
    "reset-type":        "-    -   f   y   -   -   -   -   -",
    "resize-disk":       "-    -   f   y   -   -   -   -   -",
    "reset-password":    "-    -   f   y   -   -   -   -   -",
    "associate-keys":    "-    -   f   y   -   -   -   -   -",
    "disassociate-keys": "-    -   f   y   -   -   -   -   -",
    "resize-online":     "-    -   y   -   -   -   -   -   -",
    "modify":            "-    -   y   y   -   -   -   -   -",
    "reinstall":         "-    -   y   y   -   -   -   -   -",
    "isolate":           "-    -   y   y   -   -   -   -   -",
    "create-image":      "-    -   y   y   -   -   -   -   -",
    "apply-snapshot":    "-    -   f   y   -   -   -   -   -",
}  # fmt: skip
# Verb: the state meanwhile, on success, on failure; "same": as before; "gone": there is no instance any more.
COURSE = {
    "run": ("PENDING", "RUNNING", "LAUNCH_FAILED"),
    "start": ("STARTING", "RUNNING", "STOPPED"),
    "stop": ("STOPPING", "STOPPED", "RUNNING"),
    "reboot": ("REBOOTING", "RUNNING", "RUNNING"),
    "terminate": ("TERMINATING", "gone", "STOPPED"),
    "reset-type": ("same", "same", "same"),
    "resize-disk": ("same", "same", "same"),
    "reset-password": ("same", "same", "same"),
    "associate-keys": ("same", "same", "same"),
    "disassociate-keys": ("same", "same", "same"),
    "resize-online": ("same", "same", "same"),
    "modify": ("same", "same", "same"),
    "reinstall": ("REBOOTING", "RUNNING", "STOPPED"),
    "isolate": ("TERMINATING", "SHUTDOWN", "STOPPED"),
    "create-image": ("same", "same", "same"),
    "apply-snapshot": ("same", "same", "same"),
}


@pytest.mark.parametrize(("verb", "state"), list(product(MATRIX, STATES)))
def test_what_may_be_asked(verb: str, state: str) -> None:
    cell = MATRIX[verb].split()[STATES.index(state)]
    assert allowed(Verb(verb), InstanceState(state)) is (cell == "y")
    assert allowed(Verb(verb), InstanceState(state), force=True) is (cell in "yf")


def test_the_matrix_is_whole() -> None:
    assert list(InstanceState) == STATES
    assert {verb.value for verb in Verb} == set(MATRIX) == set(COURSE)
    assert set(OPERATIONS) == set(ACTIONS) == set(Verb)
    assert all(len(row.split()) == len(STATES) for row in MATRIX.values())


@pytest.mark.parametrize("verb", COURSE)
def test_what_follows(verb: str) -> None:
    row = OPERATIONS[Verb(verb)]
    meanwhile, success, failure = (None if state in ("same", "gone") else state for state in COURSE[verb])
    assert (row.verb.value, row.meanwhile, row.success, row.failure) == (verb, meanwhile, success, failure)
    assert row.edit is (COURSE[verb][0] == "same")


def test_a_state_is_transitional_when_an_operation_shows_it_meanwhile() -> None:
    assert {row.meanwhile for row in OPERATIONS.values() if row.meanwhile} == set(TRANSITIONAL)
    assert [state for state in InstanceState if state.transitional] == [
        "PENDING", "STARTING", "STOPPING", "REBOOTING", "TERMINATING",
    ]  # fmt: skip


@pytest.mark.parametrize(("state", "seen"), list(product(InstanceState, Observation)))
def test_what_is_noticed(state: InstanceState, seen: Observation) -> None:
    """A guest that went off is STOPPED, one started behind our back is RUNNING, everything else stays."""
    expected = {
        ("RUNNING", "the domain is off"): "STOPPED",
        ("RUNNING", "there is no such domain"): "STOPPED",
        ("STOPPED", "the domain runs"): "RUNNING",
    }.get((state.value, seen.value), state.value)
    assert observed(state, seen) == expected
    assert ((state, seen) in OBSERVATIONS) is (expected != state)


def test_words_and_names_are_the_clouds() -> None:
    assert {state.value: name for state, name in REFUSED_CODES_BY_STATE.items()} == {
        state: state.title().replace("_", "") for state in STATES
    }
    assert [kind.value for kind in StopType] == ["SOFT", "SOFT_FIRST", "HARD"]
    assert [mode.value for mode in StoppedMode] == ["KEEP_CHARGING", "STOP_CHARGING"]
    assert [state.value for state in OperationState] == ["OPERATING", "SUCCESS", "FAILED"]
    assert all(state.words for state in InstanceState)
    assert len({state.words for state in InstanceState}) == len(STATES)
    assert ACTIONS[Verb.RESIZE_DISK] == "ResizeInstanceDisks"


def test_a_power_cut_leaves_nothing_half_done() -> None:
    """Every guest is off by then: a start and a reboot cannot succeed, an edit and an end are carried through."""
    ends = {verb.value: row.after_power_cut.name for verb, row in OPERATIONS.items()}
    assert ends.pop("run") == "UNDO"
    assert {verb for verb, end in ends.items() if end == "FAIL"} == {"start", "reboot"}
    assert {verb for verb, end in ends.items() if end == "FINISH"} == set(ends) - {"start", "reboot"}
