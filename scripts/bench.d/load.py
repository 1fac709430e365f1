"""A load generator that costs little beside a server: ready-made requests over kept connections, every answer timed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from vmsim.model.errors import HostError

_LIMIT = 60.0
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PIECE = 2**18


@dataclass(frozen=True)
class Measured:
    """Seconds of each request, sorted, and of the whole."""

    latencies: tuple[float, ...]
    seconds: float

    def percentile(self, percent: float) -> float:
        """The latency that `percent` of the requests did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))]

    @property
    def rate(self) -> float:
        """Requests in a second."""
        return len(self.latencies) / self.seconds


def measure(address: tuple[str, int], requests: Sequence[bytes], clients: int, proof: bytes) -> Measured:
    """Send all of them, shared out among so many clients. Raises HostError for an answer without `proof` in it."""
    shares = [requests[number::clients] for number in range(clients)]
    found: list[list[float]] = [[] for _ in shares]
    wrong: list[bytes] = []
    ready = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        connection = _connected(address)
        ready.wait()
        try:
            for request in shares[number]:
                begun = time.perf_counter()
                connection.sendall(request)
                answer = _answer(connection)
                found[number].append(time.perf_counter() - begun)
                if proof not in answer:
                    wrong.append(answer)
                    return
                if answer.closed:
                    connection.close()
                    connection = _connected(address)
        except (OSError, HostError) as error:
            wrong.append(str(error).encode())
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if wrong or sum(map(len, found)) != len(requests):
        raise HostError(f"not every request was answered as it should be: {wrong[:1]!r}"[:2000])
    return Measured(tuple(sorted(latency for share in found for latency in share)), seconds)


class _Answer(bytes):
    """What was received; `closed` when the server has ended the connection with it."""

    closed = False


def _connected(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address, timeout=_LIMIT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _answer(connection: socket.socket) -> _Answer:
    data = b""
    while _END_OF_HEAD not in data:
        if not (more := connection.recv(_PIECE)):
            raise HostError("the server closed the connection")
        data += more
    head, _, body = data.partition(_END_OF_HEAD)
    told = head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0]
    parts, have = [body], len(body)
    while not told or have < int(told):
        more = connection.recv(_PIECE)
        if not more:
            break
        parts.append(more)
        have += len(more)
    answer = _Answer(b"".join(parts))
    answer.closed = not told or b"connection: close" in head.lower()
    return answer
