"""vmsim, through its local API, as its CLI uses it: from sending a request until the API says that it is done.

The start of a CLI's interpreter is not counted. SSH answers when the API says so, not when the guest does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from contestant import EDIT, LAUNCH, START, STOP

from vmsim.client import Client
from vmsim.model.errors import OperationFailed

SETTLE = 1.0
"""Seconds that a guest is left alone after it said that it is up, so that each is as idle when it is stopped."""


class Product:
    """One instance at a time."""

    name = "vmsim"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = 0

    def round(self) -> Iterator[tuple[str, float]]:
        key = self._new_key()
        begun = time.monotonic()
        made = self._client.post("/v1/instances", {})
        path = f"/v1/instances/{made['instances'][0]['id']}"
        try:
            yield LAUNCH, self._up(path) - begun
            yield STOP, self._do(path, "stop", stop_type="SOFT")
            changed = self._do(path, "reset-password", password="Bench-mark-1")
            yield EDIT, changed + self._do(path, "associate-keys", key_ids=[key])
            begun = time.monotonic()
            self._do(path, "start")
            yield START, self._up(path) - begun
        finally:
            self._do(path, "terminate")
            self._client.delete(f"/v1/keys/{key}")

    def _new_key(self) -> str:
        self._keys += 1
        made: dict[str, Any] = self._client.post("/v1/keys", {"name": f"bench{self._keys}"})
        return str(made["key"]["id"])

    def _up(self, path: str) -> float:
        """When SSH answered; returns once the guest is up and was left alone for a moment."""
        answered = 0.0
        for line in self._client.stream(f"{path}/readiness"):
            if not answered and line["rung"] in ("SSH", "LOGIN"):
                answered = time.monotonic()
        time.sleep(SETTLE)
        return answered

    def _do(self, path: str, verb: str, **arguments: Any) -> float:
        """Seconds until the operation is settled."""
        begun = time.monotonic()
        asked = self._client.post(f"{path}/operations", {"verb": verb, "arguments": arguments, "force": False})
        record = asked["operation"]
        for line in self._client.stream(f"/v1/operations/{record['id']}/follow"):
            record = line
        took = time.monotonic() - begun
        if record["state"] != "SUCCESS":
            raise OperationFailed(f"{verb} failed: {record['error']}")
        return took
