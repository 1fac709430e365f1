"""Who may reach whom in a cloud, by the model alone: what real connections are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from vmsim.host.ruleset import CALLER
from vmsim.model.security_group import Direction, Flow, Protocol, SecurityGroup, permits


@dataclass(frozen=True)
class End:
    """An instance, as far as this is about it."""

    name: str
    address: IPv4Address
    vpc: str
    groups: tuple[SecurityGroup, ...]
    public: IPv4Address | None = None


def members(ends: Sequence[End]) -> Mapping[str, list[IPv4Address]]:
    """The private addresses of each group's instances."""
    found: dict[str, list[IPv4Address]] = {}
    for end in ends:
        for group in end.groups:
            found.setdefault(group.id, []).append(end.address)
    return found


def passes(
    ends: Sequence[End], caller: End | None, called: End, *, by_public: bool, protocol: Protocol, port: int | None
) -> bool:
    """Does it get an answer? `caller` None is a program of the lab: from the Internet where it calls a public address,
    and vmsim's own way in where it calls a private one."""
    known = members(ends)
    if caller is None:
        flow = Flow(protocol, CALLER, port)
        return not by_public or permits(called.groups, Direction.INGRESS, flow, known)
    seen, asked = (caller.public, called.public) if by_public else (caller.address, called.address)
    if seen is None or asked is None or not (by_public or caller.vpc == called.vpc):
        return False
    out = permits(caller.groups, Direction.EGRESS, Flow(protocol, asked, port), known)
    return out and permits(called.groups, Direction.INGRESS, Flow(protocol, seen, port), known)
