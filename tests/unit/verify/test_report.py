"""What is printed."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import Guest
from vmsim.verify.proof import Proof
from vmsim.verify.report import Report


def nothing(guest: Guest, proof: Proof) -> Steps:
    yield from ()


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


def report(form: str, printed: io.StringIO) -> Report:
    made = Report(form, out=Console(file=printed, width=100), err=Console(file=io.StringIO()), accelerator="tcg")
    good, bad = Proof(seconds=1.234), Proof()
    good.that(True, "seen")
    bad.that(False, "heard")
    made.decided(Row("R10", "Memory is lost", nothing), good)
    made.decided(Row("R7", "First STOPPING", nothing), bad)
    return made


def test_json_is_all_there_is_on_standard_output(printed: io.StringIO) -> None:
    made = report("json", printed)
    assert printed.getvalue() == ""
    made.finish()
    said = json.loads(printed.getvalue())
    assert [row["id"] for row in said["rows"]] == ["R7", "R10"]
    assert said["rows"][1] == {
        "id": "R10",
        "passed": True,
        "requirement": "Memory is lost",
        "evidence": ["seen"],
        "seconds": 1.23,
    }
    assert said["passed"] is False
    assert set(said) == {"rows", "passed", "seconds", "version", "accelerator"}


def test_a_table_grows_with_each_verdict(printed: io.StringIO) -> None:
    made = report("table", printed)
    lines = printed.getvalue().splitlines()
    assert lines[0].split() == ["ROW", "REQUIREMENT", "EVIDENCE", "SEC"]
    assert lines[1].startswith("R10") and "seen" in lines[1] and "PASS" in lines[1] and "1.2" in lines[1]
    assert lines[2].startswith("R7") and "NOT SO: heard" in lines[2] and "FAIL" in lines[2]
    made.finish()
    assert "1 of 2 sentences hold" in printed.getvalue()


def test_without_rows_nothing_passed(printed: io.StringIO) -> None:
    assert not Report("json", out=Console(file=printed)).passed
