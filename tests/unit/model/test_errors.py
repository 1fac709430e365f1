"""Errors are sentences; each carries what its reader needs."""

from __future__ import annotations

import pytest

from vmsim.model import errors
from vmsim.model.errors import CommandFailed, LibvirtError, NotFound, VmsimError, WrongState


def test_a_sentence_a_hint_and_a_code() -> None:
    error = VmsimError("No.", hint="Yes.", code="X")
    assert (str(error), error.message, error.hint, error.code) == ("No.", "No.", "Yes.", "X")


def test_what_is_not_there_and_what_is_not_possible() -> None:
    assert str(NotFound("instance", "ins-1")) == "There is no instance ins-1."
    error = WrongState("StopInstances", "ins-1", "STOPPED")
    assert str(error) == "StopInstances is not possible: instance ins-1 is STOPPED."


@pytest.mark.parametrize(
    ("code", "how"), [(3, "failed with exit code 3"), (-9, "was ended by signal 9"), (None, "did not end in time")]
)
def test_how_a_command_ended(code: int | None, how: str) -> None:
    error = CommandFailed(["nft", "-f", "-"], code, " no rule \n")
    assert str(error) == f"nft {how}: no rule (command: nft -f -)"
    assert (error.argv, error.returncode, error.stderr) == (["nft", "-f", "-"], code, " no rule \n")


def test_a_long_complaint_keeps_its_end() -> None:
    assert len(str(CommandFailed(["x"], 1, "a" * 9000 + "the end"))) < 2100
    assert "the end" in str(CommandFailed(["x"], 1, "a" * 9000 + "the end"))


def test_libvirts_number_is_kept() -> None:
    assert LibvirtError("domain is not running", number=55).number == 55


def test_everything_is_below_the_root_and_in_the_drawing() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert all(issubclass(each, VmsimError) for each in found)
    assert all(each.__name__ in str(errors.__doc__) for each in found)
