"""What PID 1 of a lab is told by the process that starts it: one line of JSON, made once, never changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Plan:
    home: str
    runtime: str
    libvirt: str
    logs: str
    boot: str
    daemon: list[str]
    libvirtd: str
    sockets: dict[str, int]
    log_bytes: int
    down_limit: float
    kept: list[str]
    connections: int
    """The outside's table of TCP connections, open."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        return cls(**json.loads(text))
