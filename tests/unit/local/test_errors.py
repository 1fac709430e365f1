from __future__ import annotations

import pytest

from vmsim.local import errors
from vmsim.model.errors import (
    Busy,
    CommandFailed,
    HostError,
    NotFound,
    OutOfResources,
    UsageError,
    VmsimError,
    WrongState,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x"), 400),
        (NotFound("image", "x"), 404),
        (WrongState("stop", "ins-1", "STOPPED"), 409),
        (Busy("x"), 409),
        (OutOfResources("x"), 409),
        (HostError("x"), 500),
        (RuntimeError("x"), 500),
    ],
)
def test_each_kind_has_its_status(error: Exception, status: int) -> None:
    assert errors.status(error) == status


def test_all_that_an_error_carries_is_said() -> None:
    said = errors.as_json(NotFound("image", "x", hint="look", code="C"))["error"]
    assert said == {
        "kind": "NotFound",
        "message": "There is no image x.",
        "hint": "look",
        "code": "C",
        "data": {"kind": "image", "ident": "x"},
    }


def test_a_list_is_carried_too() -> None:
    assert errors.as_json(CommandFailed(["a", "b"], 1, "no"))["error"]["data"]["argv"] == ["a", "b"]


def test_a_bug_is_called_one() -> None:
    assert not issubclass(RuntimeError, VmsimError)
    assert errors.as_json(RuntimeError("oops"))["error"]["kind"] == "Bug"
