"""Security groups: ordered rules, and who may send what to whom by them.

An instance has up to five groups, in their order; the first rule that fits decides, in each direction by itself, and
what no rule fits is dropped. A connection is judged as its first packet would be, for as long as it lasts: answers need
no rule of their own, and a rule that is taken away ends what it alone allowed.

`permits` is that judgement as a function. The host's filters (`host/firewall.py`) are made of the same rules; tests
hold real connections against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

MOST_RULES = 100
"""In one direction of one group."""
MOST_OF_AN_INSTANCE = 5
MOST_OF_A_REGION = 50
ANYWHERE = IPv4Network("0.0.0.0/0")
ALL_PORTS = "ALL"


class Direction(str, Enum):
    """Seen from the instance."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Protocol(str, Enum):
    TCP = "TCP"
    UDP = "UDP"
    ICMP = "ICMP"
    ICMPV6 = "ICMPV6"
    GRE = "GRE"
    ALL = "ALL"

    @property
    def has_ports(self) -> bool:
        return self in (Protocol.TCP, Protocol.UDP)


class Verdict(str, Enum):
    ACCEPT = "ACCEPT"
    DROP = "DROP"


@dataclass(frozen=True)
class Rule:
    """One rule; exactly one of `cidr`, `cidr6` and `group_id` says who is at the other end. There is no IPv6 here, so a
    rule with `cidr6` is kept and never fits."""

    protocol: Protocol
    verdict: Verdict
    ports: str = ALL_PORTS
    """"80", "80,443", "8000-8010" or ALL; ALL for every protocol without ports."""
    cidr: IPv4Network | None = None
    bare: bool = False
    """Was a single address written without the /32? It is shown as it was written."""
    cidr6: str = ""
    group_id: str = ""
    description: str = ""
    modified: datetime | None = None

    @property
    def port_ranges(self) -> tuple[tuple[int, int], ...]:
        """From, to (both included); () is every port."""
        if self.ports == ALL_PORTS:
            return ()
        bounds = (part.split("-") for part in self.ports.split(","))
        return tuple((int(each[0]), int(each[-1])) for each in bounds)

    @property
    def cidr_text(self) -> str:
        """ "" where there is none."""
        if self.cidr is None:
            return ""
        return str(self.cidr.network_address if self.bare else self.cidr)

    @property
    def meaning(self) -> tuple[object, ...]:
        """Two rules that mean the same are the same rule, whatever is said about them."""
        return (self.protocol, self.verdict, self.ports, self.cidr, self.cidr6.removesuffix("/128"), self.group_id)


@dataclass(frozen=True)
class SecurityGroup:
    """`version` counts the changes of its rules."""

    id: str
    region: str
    name: str
    description: str
    project_id: int
    default: bool
    created: datetime
    updated: datetime
    version: int = 0
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress


@dataclass(frozen=True)
class Flow:
    """What a connection's first packet says; `port` is the one that is called, None where there are none."""

    protocol: Protocol
    peer: IPv4Address
    """At the other end, as the instance sees it."""
    port: int | None = None


def permits(
    groups: Iterable[SecurityGroup], direction: Direction, flow: Flow, members: Mapping[str, Iterable[IPv4Address]]
) -> bool:
    """May it pass? `members` are the private addresses of each group's instances."""
    for group in groups:
        for rule in group.rules(direction):
            if fits(rule, flow, members):
                return rule.verdict is Verdict.ACCEPT
    return False


def fits(rule: Rule, flow: Flow, members: Mapping[str, Iterable[IPv4Address]]) -> bool:
    """Is this rule about this flow?"""
    if rule.protocol is not Protocol.ALL and rule.protocol is not flow.protocol:
        return False
    ranges = rule.port_ranges
    if ranges and (flow.port is None or not any(low <= flow.port <= high for low, high in ranges)):
        return False
    if rule.cidr is not None:
        return flow.peer in rule.cidr
    return bool(rule.group_id) and flow.peer in set(members.get(rule.group_id, ()))
