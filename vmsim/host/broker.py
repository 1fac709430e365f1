"""The broker outside the lab, as the daemon asks it: which ports of the workstation are open.

Its words are in lab/broker.py. It may be away for a while (killed, or of an older lab): that is a HostError.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vmsim.model.errors import HostError, InUse
from vmsim.model.publication import Publication

LIMIT = 15.0


class Broker:
    """The one that listens on this Unix socket, if any does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, publications: Iterable[Publication]) -> dict[tuple[str, int], str]:
        """These ports and no others: why one is not open, or nothing."""
        doors = [
            {
                "address": each.address,
                "port": each.local_port,
                "instance_id": each.instance_id,
                "target": each.port,
            }
            for each in publications
        ]
        return {(each["address"], each["port"]): each["error"] for each in self._ask({"doors": doors})["doors"]}

    def reserve(self, address: str, port: int) -> int:
        """A port that is free (0: any) and held until the next `open`. Raises InUse, saying who has it."""
        said = self._ask({"reserve": {"address": address, "port": port}})
        if "error" in said:
            raise InUse(said["error"], hint="Name another one with --on.")
        return int(said["port"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(LIMIT)
            try:
                asking.connect(str(self._path))
                asking.sendall(json.dumps(question).encode() + b"\n")
                with asking.makefile("r") as answer:
                    line = answer.readline()
            except OSError as error:
                raise HostError(
                    f"The broker of published ports does not answer: {error}.",
                    hint="Any command of vmsim starts it again.",
                ) from error
        if not line:
            raise HostError("The broker of published ports went away.", hint="Any command of vmsim starts it again.")
        said: dict[str, Any] = json.loads(line)
        return said
