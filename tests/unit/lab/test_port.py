from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from vmsim.config import DEFAULT_PORT
from vmsim.lab import port
from vmsim.model.errors import HostError


def test_port_0_is_any_and_not_remembered(tmp_path: Path) -> None:
    with port.bind(0, tmp_path / "port") as bound:
        assert bound.getsockname()[0] == "127.0.0.1"
        assert bound.getsockname()[1] > 0
    assert not (tmp_path / "port").exists()


def test_the_remembered_port_comes_first(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    (tmp_path / "port").write_text(str(number))
    with port.bind(DEFAULT_PORT, tmp_path / "port") as bound:
        assert bound.getsockname()[1] == number


def test_a_remembered_port_that_cannot_be_is_forgotten(tmp_path: Path) -> None:
    for text in ("", "web", "0", "65535"):
        (tmp_path / "port").write_text(text)
        with port.bind(DEFAULT_PORT, tmp_path / "port") as bound:
            number = bound.getsockname()[1]
        assert DEFAULT_PORT <= number < DEFAULT_PORT + port.TRIED
        assert (tmp_path / "port").read_text() == f"{number}\n"


def test_a_strangers_port_is_not_passed_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        number = stranger.getsockname()[1]
        (tmp_path / "port").write_text(str(number))
        for wanted in (DEFAULT_PORT, number):
            with pytest.raises(HostError, match=f"Port {number} is held by process {os.getpid()} ") as caught:
                port.bind(wanted, tmp_path / "port")
            assert "VMSIM_PORT" in caught.value.hint


def test_holder_of_a_free_port_is_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    assert port.holder(number) == port.Holder(False, "a process that cannot be seen from here")


def test_the_proxys_port_is_any_and_comes_again(tmp_path: Path) -> None:
    with port.bind_any(DEFAULT_PORT, tmp_path / "proxy-port") as bound:
        number = bound.getsockname()[1]
        with port.bind_any(DEFAULT_PORT, tmp_path / "proxy-port") as other:  # taken: another, and that is remembered
            second = other.getsockname()[1]
            assert second != number
    with port.bind_any(DEFAULT_PORT, tmp_path / "proxy-port") as again:
        assert again.getsockname()[1] == second


def test_a_proxys_port_of_a_test_is_not_remembered(tmp_path: Path) -> None:
    port.bind_any(0, tmp_path / "proxy-port").close()
    assert not (tmp_path / "proxy-port").exists()
