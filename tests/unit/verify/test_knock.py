"""Who answers on loopback."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from vmsim.verify import knock

LIMIT = 5.0


def test_a_listening_port_answers_and_a_closed_one_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert knock.refusal("127.0.0.1", port, LIMIT) == ""
    assert knock.refusal("127.0.0.1", port, LIMIT) == "Connection refused"


def test_the_checksum_of_an_echo_is_right() -> None:
    words = struct.unpack("!HHHH", knock.echo_request(0xFFFE))
    total = sum(words)
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@pytest.mark.parametrize(
    ("kind", "ident", "ours"),
    [(0, 7, True), (0, 8, False), (8, 7, False)],
    ids=["our reply", "another's reply", "a request"],
)
def test_only_the_reply_to_our_echo_counts(kind: int, ident: int, ours: bool) -> None:
    ip_with_options = bytes([0x46]) + bytes(23)
    assert knock.is_reply(ip_with_options + struct.pack("!BBHHH", kind, 0, 0, ident, 1), 7) is ours


def test_a_packet_that_was_cut_off_is_no_reply() -> None:
    assert not knock.is_reply(bytes([0x45]) + bytes(19) + b"\0\0", 0)


def test_it_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        knock.main(["127.0.0.1", str(LIMIT), str(port)])
    found = json.loads(capsys.readouterr().out)
    assert found[str(port)] == ""
    assert set(found) == {"ping", str(port)}
