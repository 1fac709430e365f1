from __future__ import annotations

import pytest

from vmsim.cli import output


def test_columns_are_as_wide_as_needed(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("A", "B"), [("x", 1), ("广州", 22)])
    assert capsys.readouterr().out.splitlines() == ["A     B", "x     1", "广州  22"]


def test_facts_leave_empty_ones_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_facts([("name", "web"), ("none", ""), ("two", "a\nb"), ("zero", 0)])
    assert capsys.readouterr().out.splitlines() == ["name  web", "two   a", "      b", "zero  0"]


def test_sizes() -> None:
    assert [output.size(count) for count in (5, 2048, 3 * 2**20, 5 * 2**40)] == [
        "5 B",
        "2.0 KiB",
        "3.0 MiB",
        "5120.0 GiB",
    ]
    assert [output.memory(mib) for mib in (128, 1024, 1536)] == ["128 MiB", "1 GiB", "1536 MiB"]


def test_states_are_coloured() -> None:
    assert output.coloured("RUNNING (paused: x)").startswith("\x1b[")
    assert output.coloured("web-1") == "web-1"


def test_json_keeps_letters(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"name": "广州"})
    assert "广州" in capsys.readouterr().out
