from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from vmsim.host import serial

READY = 'VMSIM-READY {"hostname": "tiny", "address": "172.16.0.2"}\r\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "serial.log"


def append(log: Path, text: str) -> None:
    with log.open("ab") as file:
        file.write(text.encode())


@pytest.mark.parametrize(
    ("text", "kernel", "login", "ready"),
    [
        ("", False, False, None),
        ("SeaBIOS\r\nBooting from disk\r\n", False, False, None),
        ("Loading vmlinuz... ok\r\n[    0.000000] Linux version 6.1.0 (x)\r\n", True, False, None),
        ("quiet kernel\r\ntiny login: ", True, True, None),
        ("Debian GNU/Linux 12 vm ttyS0\r\n\r\nvm login: ", True, True, None),
        (READY, True, True, {"hostname": "tiny", "address": "172.16.0.2"}),
        ("VMSIM-READY {cut short\r\n", False, False, None),
        ("VMSIM-READY [1]}\r\n", False, False, None),
    ],
)
def test_signs(text: str, kernel: bool, login: bool, ready: dict[str, str] | None) -> None:
    assert serial.signs(text) == serial.Signs(kernel=kernel, login=login, ready=ready)


def test_a_log_that_is_not_there_is_empty(log: Path) -> None:
    assert serial.tail(log, 5) == ()
    assert serial.since_mark(log) == ""
    assert not serial.bound(log, 10)


def test_the_tail_is_for_people(log: Path) -> None:
    append(log, "one\r\n\x1b[32mtwo\x1b[0m\r\n\r\n\nthree  \r\n\x07four")

    assert serial.tail(log, 3) == ("two", "three", "four")
    assert serial.tail(log, 0) == ()


def test_only_what_came_after_the_mark_counts(log: Path) -> None:
    append(log, READY + "vm login: ")
    serial.mark(log, "start 2")
    assert serial.since_mark(log) == ""
    append(log, "second boot\n")

    assert serial.since_mark(log) == "second boot\n"
    assert serial.tail(log, 1) == ("second boot",)
    assert serial.tail(log, 2) == ("vm login:", "second boot")


def test_without_a_mark_all_of_it_counts(log: Path) -> None:
    append(log, "a boot\n")

    assert serial.since_mark(log) == "a boot\n"


def test_waiting_for_words_sees_only_this_boot(log: Path) -> None:
    append(log, READY)
    serial.mark(log, "start 2")
    assert serial.wait_for(log, "VMSIM-READY", time.monotonic()) is None

    threading.Timer(0.05, append, (log, READY)).start()
    assert serial.wait_for(log, "VMSIM-READY", time.monotonic() + 5) == READY


def test_a_log_cut_while_it_is_written_keeps_its_end_and_grows_on(log: Path) -> None:
    with log.open("ab", buffering=0) as writer:
        for number in range(1000):
            writer.write(f"line {number:04}\n".encode())
        assert serial.bound(log, 1000)
        size = log.stat().st_size
        writer.write(b"after the cut\n")

    text = log.read_text()
    assert 450 < size <= 500
    assert text.startswith("line ")
    assert text.endswith("line 0999\nafter the cut\n")
    assert "\0" not in text
    assert not serial.bound(log, 1000)


def test_following_goes_on_after_a_cut(log: Path) -> None:
    append(log, "before\n" * 1000)
    following = serial.follow(log, threading.Event(), from_end=False)
    assert next(following) == b"before\n" * 1000

    assert serial.bound(log, 1000)
    threading.Timer(0.3, append, (log, "after\n")).start()

    assert next(following) == b"after\n"


def test_following_ends_when_it_is_told_to(log: Path) -> None:
    append(log, "before\n")
    stop = threading.Event()
    stop.set()

    assert list(serial.follow(log, stop)) == []
