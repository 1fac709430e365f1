"""A published port: what connects to it on the workstation is led to a port of an instance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Publication:
    """`address` and `local_port` are on the workstation and belong to one publication alone."""

    address: str
    local_port: int
    instance_id: str
    port: int
