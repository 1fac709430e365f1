from __future__ import annotations

import pytest

from vmsim.cli.cp import Place, parse

from .conftest import Vmsim


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("web-1:/etc/hosts", Place("web-1", "/etc/hosts")),
        ("web-1:", Place("web-1", ".")),
        ("web-1:~/x", Place("web-1", "x")),
        ("web-1:~", Place("web-1", ".")),
        ("file", Place("", "file")),
        ("./a:b", Place("", "./a:b")),
        ("/tmp/a:b", Place("", "/tmp/a:b")),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert parse(text) == place


@pytest.mark.parametrize("words", [("a",), ("a", "b"), ("x:a", "y:b"), ("x:a", "b", "c"), ("", "x:a"), ("x:a", "")])
def test_one_side_must_be_inside(vmsim: Vmsim, words: tuple[str, ...]) -> None:
    assert vmsim("cp", *words).code == 2
