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


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e9", ""])
def test_a_time_is_a_number_up_to_a_day(text: str) -> None:
    with pytest.raises(click.BadParameter):
        options.Seconds().convert(text, None, None)
    assert options.Seconds().convert("2.5", None, None) == 2.5


def test_an_empty_word_is_a_mistake() -> None:
    assert options.Word().convert("-x", None, None) == "-x"
    with pytest.raises(click.BadParameter, match="empty"):
        options.Word().convert("", None, None)


@pytest.mark.parametrize("text", ["a\nb", "\udcff", "\x1b[31m"])
def test_nor_has_a_word_what_cannot_be_printed(text: str) -> None:
    with pytest.raises(click.BadParameter, match="printed"):
        options.Word().convert(text, None, None)


def test_a_new_name_begins_with_no_dash() -> None:
    assert options.NewName().convert("web-1", None, None) == "web-1"
    with pytest.raises(click.BadParameter, match="dash"):
        options.NewName().convert("-x", None, None)
