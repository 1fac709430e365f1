"""A published port: what connects to it on the workstation is led to a port of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from vmsim.model.errors import UsageError

LOOPBACK = "127.0.0.1"
_EVERYBODY = ip_address("255.255.255.255")
_HINT = "Write for instance 127.0.0.1:8080, [::1]:8080 or 8080."


@dataclass(frozen=True)
class Publication:
    """`address` and `local_port` are on the workstation and belong to one publication alone."""

    address: str
    local_port: int
    instance_id: str
    port: int


def place(text: str) -> tuple[str, int]:
    """ADDRESS:PORT, or PORT of this machine's loopback. Raises UsageError.

    An address and no name: what listens where must be plain to see.
    """
    written, _, number = text.rpartition(":")
    written = written.removeprefix("[").removesuffix("]")
    try:
        address = ip_address(LOOPBACK if written in ("", "localhost") else written)
    except ValueError:
        raise UsageError(f"{written!r} is not an address.", hint=_HINT) from None
    if address.is_multicast or address == _EVERYBODY:
        raise UsageError(f"{address} is no address of one machine: nobody can connect to it.", hint=_HINT)
    return str(address), port(number)


def port(text: str) -> int:
    """Raises UsageError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise UsageError(f"{text!r} is not a port.", hint=_HINT)
    return int(text)


def is_loopback(address: str) -> bool:
    """Does it lead nobody in but who is on this workstation?"""
    return ip_address(address).is_loopback


def shown(address: str, number: int) -> str:
    """As it is written in a URL."""
    return f"[{address}]:{number}" if ":" in address else f"{address}:{number}"
