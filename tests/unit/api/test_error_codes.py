"""No code leaves that its action does not publish."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vmsim
from vmsim.api import error_codes, spec
from vmsim.api.simulated import ACTIONS
from vmsim.model import errors
from vmsim.model.lifecycle import ACTIONS as ACTION_OF_VERB
from vmsim.model.lifecycle import OPERATIONS, REFUSED_CODES_BY_STATE, InstanceState, Verb

NAMES = sorted(ACTIONS)
ERRORS = (
    errors.UsageError("m"),
    errors.Missing("m"),
    errors.Malformed("m"),
    errors.NotFound("instance", "ins-aaaaaaaa"),
    errors.NotFound("key pair", "skey-aaaaaaaa"),
    errors.NotFound("thing", "x"),
    errors.Refused("m"),
    errors.Busy("m"),
    errors.InUse("m"),
    errors.NotSimulated("m"),
    errors.OutOfResources("m"),
    errors.TimedOut("m"),
    errors.HostError("m"),
    errors.CommandFailed(["x"], 1, ""),
    errors.VmsimError("m"),
)


def published(service: str, action: str) -> frozenset[str]:
    return spec.error_list(service, action) | error_codes.COMMON


def codes_in_the_code() -> list[str]:
    """Every code that a raiser names."""
    root = Path(vmsim.__file__).parent
    folders = (root / "cloud", root / "model", root / "api")
    texts = [path.read_text() for folder in folders for path in sorted(folder.rglob("*.py"))]
    return sorted({code for text in texts for code in re.findall(r'code=[f]?"([A-Za-z.]+)"', text)})


@pytest.mark.parametrize(("service", "action"), NAMES)
def test_whatever_goes_wrong_the_code_is_a_published_one(service: str, action: str) -> None:
    for error, state in product(ERRORS, InstanceState):
        assert error_codes.code(error, service, action) in published(service, action)
        wrong = errors.WrongState(action, "ins-aaaaaaaa", state.value)
        assert error_codes.code(wrong, service, action) in published(service, action)
    for code in codes_in_the_code():
        assert error_codes.code(errors.VmsimError("m", code=code), service, action) in published(service, action)


@given(st.sampled_from(NAMES), st.sampled_from(ERRORS), st.text("ABIVaceilnprstu.", max_size=30))
def test_no_invented_code_leaves(name: tuple[str, str], error: errors.VmsimError, code: str) -> None:
    named = errors.VmsimError(error.message, code=code)
    assert error_codes.code(named, *name) in published(*name)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in (Verb.RUN, Verb.APPLY_SNAPSHOT)])
def test_a_refused_state_has_its_published_code(verb: Verb) -> None:
    """The matrix of operations and states, from the state table and the published lists alone."""
    action = ACTION_OF_VERB[verb]
    for state in set(InstanceState) - OPERATIONS[verb].allowed:
        exact = f"UnsupportedOperation.InstanceState{REFUSED_CODES_BY_STATE[state]}"
        expected = exact if exact in spec.error_list("cvm", action) else "UnsupportedOperation"
        wrong = errors.WrongState(action, "ins-aaaaaaaa", state.value)
        assert error_codes.code(wrong, "cvm", action) == expected


@pytest.mark.parametrize(
    ("error", "action", "code"),
    [
        (errors.Busy("m"), "StopInstances", "OperationDenied.InstanceOperationInProgress"),
        (errors.Busy("m"), "DescribeZones", "UnsupportedOperation"),
        (errors.NotSimulated("m"), "RunInstances", "UnsupportedOperation"),
        (errors.NotFound("instance", "x"), "StopInstances", "InvalidInstanceId.NotFound"),
        (errors.NotFound("key pair", "x"), "RunInstances", "InvalidParameterValue.KeyPairNotFound"),
        (errors.InUse("m"), "DeleteKeyPairs", "InvalidParameterValue.KeyPairNotSupported"),
        (errors.OutOfResources("m"), "RunInstances", "ResourceInsufficient"),
        (errors.UsageError("m", code="InvalidZone.MismatchRegion"), "RunInstances", "InvalidZone.MismatchRegion"),
        (errors.OutOfResources("m", code="ResourcesSoldOut.X"), "StopInstances", "ResourceInsufficient"),
        (errors.HostError("m"), "RunInstances", "InternalError"),
    ],
)
def test_an_error_has_the_code_that_says_most(error: errors.VmsimError, action: str, code: str) -> None:
    assert error_codes.code(error, "cvm", action) == code


def test_a_message_names_instance_state_and_request() -> None:
    wrong = errors.WrongState("StopInstances", "ins-aaaaaaaa", "STOPPED")
    text = error_codes.message(wrong, "0123456789abcdef")
    assert "ins-aaaaaaaa" in text
    assert "STOPPED" in text
    assert text.endswith(" (01234567)")


def test_a_refused_state_is_told_in_chinese_where_that_is_asked_for() -> None:
    wrong = errors.WrongState("StopInstances", "ins-aaaaaaaa", "STOPPED", hint="…")
    text = error_codes.message(wrong, "0123456789abcdef", "zh-CN")
    assert text == "不支持状态为已关机的实例ins-aaaaaaaa (01234567)"
