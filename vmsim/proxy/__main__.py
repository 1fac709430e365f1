"""The proxy as a companion of one program that may reach the internet: `vmsim run --allow-internet`.

The lab has no way out, so this one runs outside. It listens on a socket it was given, and ends with the program.

    python -m vmsim.proxy LISTENING PROGRAM API_PORT CA_FOLDER        (two descriptors: a socket and a pidfd)
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

from vmsim.proxy import authority
from vmsim.proxy.hosts import LOOPBACK
from vmsim.proxy.server import Proxy


async def accompany(proxy: Proxy, listening: socket.socket, program: int) -> None:
    """Serve until the program has ended."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(program, ended.set)
    serving = asyncio.create_task(proxy.serve(listening))
    await ended.wait()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def main() -> None:
    listening, program, api_port = (int(word) for word in sys.argv[1:4])
    context = authority.server_context(Path(sys.argv[4]))
    proxy = Proxy(context, (LOOPBACK[1], api_port), api_port, allow_internet=True)
    asyncio.run(accompany(proxy, socket.socket(fileno=listening), program))


if __name__ == "__main__":
    main()
