"""A proxy with a way to the internet, for one program: outside the lab, which has none, and gone with the program."""

from __future__ import annotations

import os

from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import port, same_code


def start(home: Home, api_port: int) -> int:
    """Its port. It ends when this process does, whatever program this process has become by then."""
    with port.bind_any(0, home.root) as listening, (home.logs / "run-proxy.log").open("ab") as log:
        program = os.pidfd_open(os.getpid())
        try:
            descriptors = [listening.fileno(), program]
            words = [*map(str, descriptors), str(api_port), str(home.authority)]
            command.start(
                [*same_code.argv("vmsim.proxy"), *words],
                stdout=log.fileno(),
                stderr=log.fileno(),
                pass_fds=descriptors,
                env=same_code.environment(),
            )
        finally:
            os.close(program)
        number: int = listening.getsockname()[1]
    return number
