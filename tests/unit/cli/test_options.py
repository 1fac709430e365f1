from __future__ import annotations

import io

import click
import pytest

from vmsim.cli import options


@pytest.mark.parametrize(("text", "size"), [("20", 20), ("20G", 20), ("20gib", 20), (" 5 GB ", 5), (7, 7)])
def test_sizes_are_whole_gibibytes(text: object, size: int) -> None:
    assert options.Gibibytes().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "0", "1.5", "-3", "20M", "G", "big"])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="whole GiB"):
        options.Gibibytes().convert(text, None, None)


def test_a_password_is_the_first_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Secret-1 2\nmore\n"))
    assert options.new_password(True) == "Secret-1 2"


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(click.UsageError, match="--password-stdin"):
        options.new_password(False)
