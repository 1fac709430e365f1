from __future__ import annotations

import os
import socket
import threading

from vmsim.cli.serial import relay
from vmsim.cloud.context import Cloud

from .conftest import Vmsim


def test_keys_go_in_and_answers_come_out_until_the_way_out() -> None:
    guest, console = socket.socketpair()
    keys, typing = os.pipe()
    screen_end, screen = os.pipe()
    with guest, console:
        thread = threading.Thread(target=relay, args=(console, keys, screen))
        thread.start()
        os.write(typing, b"root\r")
        assert guest.recv(10) == b"root\r"
        guest.sendall(b"Password:")
        assert os.read(screen_end, 20) == b"Password:"
        os.write(typing, b"x\x1drest")
        assert guest.recv(10) == b"x"
        thread.join(5)
        assert not thread.is_alive()
    for descriptor in (keys, typing, screen_end, screen):
        os.close(descriptor)


def test_it_ends_with_the_guest_even_after_piped_input_ended() -> None:
    guest, console = socket.socketpair()
    keys, typing = os.pipe()
    os.close(typing)
    with console:
        thread = threading.Thread(target=relay, args=(console, keys, keys))
        thread.start()
        guest.close()
        thread.join(5)
        assert not thread.is_alive()
    os.close(keys)


def test_a_guest_that_takes_no_more_keys_is_no_error() -> None:
    """It may go off between being looked at and being typed to."""
    guest, console = socket.socketpair()
    keys, typing = os.pipe()
    os.write(typing, b"x\x1d")
    with guest, console:
        guest.shutdown(socket.SHUT_RD)
        relay(console, keys, keys)
    os.close(typing)
    os.close(keys)


def test_a_guest_that_did_not_read_the_last_keys_is_off_all_the_same() -> None:
    guest, console = socket.socketpair()
    keys, typing = os.pipe()
    with console:
        console.sendall(b"halt")
        guest.close()
        relay(console, keys, keys)
    os.close(typing)
    os.close(keys)


def test_the_log_is_printed(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    log = cloud.home.serial_log(web)
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\n")
    assert vmsim("serial", "web-1", "--log", "--lines", "1").out == "two\n"


def test_no_console_says_so(web: str, vmsim: Vmsim) -> None:
    ran = vmsim("serial", "web-1")
    assert ran.code == 1 and "does not answer" in ran.err
