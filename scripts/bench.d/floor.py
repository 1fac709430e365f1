"""The bare libvirt script as a contestant: what it does is in bare.py, inside its lab."""

from __future__ import annotations

from collections.abc import Iterator

from contestant import EDIT, LAUNCH, START, STOP

from vmsim.client import Client


class Floor:
    name = "bare libvirt"

    def __init__(self, client: Client) -> None:
        self._client = client

    def round(self) -> Iterator[tuple[str, float]]:
        try:
            for path, measure in (("/launch", LAUNCH), ("/stop", STOP), ("/edit", EDIT), ("/start", START)):
                yield measure, float(self._client.post(path)["seconds"])
        finally:
            self._client.post("/remove")
