from __future__ import annotations

import pytest

from vmsim.model.errors import UsageError
from vmsim.model.publication import is_loopback, place, shown


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("localhost:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8080", ("::1", 8080)),
        ("[0:0::1]:8080", ("::1", 8080)),
    ],
)
def test_a_place(text: str, meant: tuple[str, int]) -> None:
    assert place(text) == meant


@pytest.mark.parametrize("text", ["", "web", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "host:80", "1.2.3:80", "٣"])
def test_no_place(text: str) -> None:
    with pytest.raises(UsageError):
        place(text)


@pytest.mark.parametrize("text", ["224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80"])
def test_what_nobody_can_connect_to(text: str) -> None:
    """The kernel would listen there, and the port be called open."""
    with pytest.raises(UsageError, match="no address of one machine"):
        place(text)


def test_who_may_come_in() -> None:
    assert is_loopback("127.0.0.2") and is_loopback("::1")
    assert not is_loopback("0.0.0.0") and not is_loopback("192.0.2.1")


def test_it_is_shown_as_in_a_url() -> None:
    assert shown("127.0.0.1", 80) == "127.0.0.1:80" and shown("::1", 80) == "[::1]:80"
