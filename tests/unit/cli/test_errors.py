from __future__ import annotations

from pathlib import Path

import click
import pytest

from vmsim.cli import errors
from vmsim.cli.session import Session
from vmsim.client import BUG
from vmsim.model.errors import HostError, NotFound, Refused, UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMSIM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (NotFound("image", "x"), 1),
        (Refused("no"), 1),
        (UsageError("bad"), 2),
        (HostError("a bug there", code=BUG), 70),
        (click.UsageError("bad"), 2),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Exit(3), 3),
        (RuntimeError("oops"), 70),
    ],
)
def test_each_has_its_exit_code(raised: BaseException, code: int) -> None:
    with errors.translated(Session(), []) as outcome:
        raise raised
    assert outcome.code == code


def test_what_the_machine_has_against_a_file_is_no_bug(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with errors.translated(Session(), []) as outcome:
        (tmp_path / "none" / "x").write_text("")
    assert outcome.code == 1
    assert capsys.readouterr().err == f"Error: {tmp_path / 'none' / 'x'}: No such file or directory.\n"


def test_a_sentence_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    with errors.translated(Session(), []):
        raise Refused("It is off.", hint="Start it.")
    assert capsys.readouterr().err == "Error: It is off.\nHint: Start it.\n"


def test_a_bug_names_a_file_with_the_traceback(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with errors.translated(Session(), ["list", "--x y"]):
        raise RuntimeError("oops")
    said = capsys.readouterr().err
    file = Path(said.split("Details: ")[1].strip())
    assert file.parent == home / "logs"
    assert "RuntimeError: oops" in file.read_text() and "vmsim list '--x y'" in file.read_text()


def test_without_a_writable_home_the_file_is_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("a file, no folder")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with errors.translated(Session(), []):
        raise RuntimeError("oops")
    assert Path(capsys.readouterr().err.split("Details: ")[1].strip()).parent == tmp_path


def test_one_line_takes_the_first_and_the_hint() -> None:
    assert errors.one_line(Refused("First.\nSecond.", hint="Do it.")) == "First. (Do it)"
    assert errors.one_line(Refused("")) == "Refused"
