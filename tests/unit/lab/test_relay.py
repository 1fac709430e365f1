from __future__ import annotations

import asyncio
import socket
import struct

from vmsim.lab import relay

Pair = tuple[socket.socket, socket.socket]


def tcp() -> Pair:
    """Two ends of one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        other, _ = server.accept()
    for each in (one, other):
        each.setblocking(False)
    return one, other


async def heard(each: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := await asyncio.get_running_loop().sock_recv(each, 65536)):
        data += more
    return data


def test_both_ways_and_half_closed() -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        (caller, near), (far, guest) = tcp(), tcp()
        joined = asyncio.create_task(relay.join(near, far))
        await loop.sock_sendall(caller, b"ask")
        caller.shutdown(socket.SHUT_WR)
        assert await heard(guest, 100) == b"ask", "and then its end"
        await loop.sock_sendall(guest, b"answer" * 100_000)
        guest.close()
        assert await heard(caller, 10_000_000) == b"answer" * 100_000
        await asyncio.wait_for(joined, 5)
        caller.close()
        assert near.fileno() == far.fileno() == -1

    asyncio.run(play())


def test_what_was_said_before_the_other_end_is_there_is_kept() -> None:
    async def play() -> None:
        (caller, near), (far, guest) = tcp(), tcp()
        await asyncio.get_running_loop().sock_sendall(caller, b"early")
        caller.shutdown(socket.SHUT_WR)
        joined = asyncio.create_task(relay.join(near, far))
        assert await heard(guest, 100) == b"early"
        guest.close()
        await asyncio.wait_for(joined, 5)
        caller.close()

    asyncio.run(play())


def test_who_reads_slowly_slows_the_other_down() -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        (caller, near), (far, guest) = tcp(), tcp()
        joined = asyncio.create_task(relay.join(near, far))
        sent = 0
        try:
            while sent < 2**28:
                sent += await asyncio.wait_for(loop.run_in_executor(None, _some, caller), 1)
        except BlockingIOError:
            pass
        assert sent < 2**26, "it is not all taken in and kept"
        received = len(await heard(guest, sent))
        assert received == sent
        caller.close()
        guest.close()
        await asyncio.wait_for(joined, 5)

    def _some(caller: socket.socket) -> int:
        """Send what goes within half a second. Raises BlockingIOError when nothing does."""
        caller.settimeout(0.5)
        try:
            return caller.send(bytes(2**20))
        except TimeoutError as error:
            raise BlockingIOError from error
        finally:
            caller.setblocking(False)

    asyncio.run(play())


def test_a_broken_end_breaks_the_other() -> None:
    async def play() -> None:
        (caller, near), (far, guest) = tcp(), tcp()
        joined = asyncio.create_task(relay.join(near, far))
        await asyncio.get_running_loop().sock_sendall(caller, b"x")
        assert await heard(guest, 1) == b"x"
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        guest.close()
        assert await asyncio.wait_for(heard(caller, 1), 5) == b""
        await asyncio.wait_for(joined, 5)
        caller.close()

    asyncio.run(play())


def test_cancelled_it_closes_both() -> None:
    async def play() -> None:
        (caller, near), (far, guest) = tcp(), tcp()
        joined = asyncio.create_task(relay.join(near, far))
        await asyncio.get_running_loop().sock_sendall(caller, b"x")
        assert await heard(guest, 1) == b"x"
        joined.cancel()
        assert await asyncio.wait_for(heard(caller, 1), 5) == await asyncio.wait_for(heard(guest, 1), 5) == b""
        caller.close()
        guest.close()

    asyncio.run(play())
