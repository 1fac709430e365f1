from __future__ import annotations

import os
import socket

import pytest

from vmsim.host.tcp_peers import TABLE, TcpPeers, users

SERVER = ("127.0.0.1", 8321)
CLIENT = ("127.0.0.1", 40000)
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LISTENING = "   0: 0100007F:2081 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1\n"
ACCEPTED = "   1: 0100007F:2081 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 12 1\n"
CLIENTS = "   2: 0100007F:9C40 0100007F:2081 01 00000000:00000000 00:00000000 00000000  1001        0 13 1\n"


def test_the_users_of_both_ends() -> None:
    assert users(HEAD + LISTENING + ACCEPTED + CLIENTS, CLIENT, SERVER) == (1001, 1000)


@pytest.mark.parametrize(
    "table", ["", HEAD, HEAD + LISTENING + ACCEPTED, HEAD + CLIENTS, HEAD + LISTENING + "   2: 01"]
)
def test_what_is_not_there_is_nobodys(table: str) -> None:
    assert users(table, CLIENT, SERVER) is None


def test_a_real_connection() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
        TABLE.open("rb") as table,
    ):
        peers = TcpPeers(table.fileno())
        address, server = client.getsockname(), listening.getsockname()
        for _ in range(2):
            assert peers.is_own(address, server)
        found = users(TABLE.read_text(), address, server)
        assert found == (os.getuid(), os.getuid())
        inside = ("127.0.0.2", 1)
        assert not peers.is_own(inside, SERVER)
        with peers.relaying(inside, address, server):
            assert peers.is_own(inside, SERVER)
        assert not peers.is_own(inside, SERVER)


def test_without_a_table_nobody_is_known() -> None:
    assert not TcpPeers(-1).is_own(CLIENT, SERVER)
