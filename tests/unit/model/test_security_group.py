from __future__ import annotations

from datetime import datetime, timezone
from ipaddress import IPv4Address, IPv4Network

import pytest

from vmsim.model.security_group import ANYWHERE, Direction, Flow, Protocol, Rule, SecurityGroup, Verdict, permits

PEER = IPv4Address("10.0.0.9")
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def group(*ingress: Rule, egress: tuple[Rule, ...] = ()) -> SecurityGroup:
    return SecurityGroup("sg-00000001", "r", "web", "", 0, False, NOW, NOW, 0, ingress, egress)


def accept(protocol: Protocol = Protocol.ALL, ports: str = "ALL", cidr: str | None = "0.0.0.0/0", sg: str = "") -> Rule:
    return Rule(protocol, Verdict.ACCEPT, ports, None if sg or not cidr else IPv4Network(cidr), group_id=sg)


def drop(protocol: Protocol = Protocol.ALL, ports: str = "ALL", cidr: str = "0.0.0.0/0") -> Rule:
    return Rule(protocol, Verdict.DROP, ports, IPv4Network(cidr))


def flows_in(groups: list[SecurityGroup], flow: Flow) -> bool:
    return permits(groups, Direction.INGRESS, flow, {"sg-00000009": [PEER]})


def tcp(port: int) -> Flow:
    return Flow(Protocol.TCP, PEER, port)


def test_what_no_rule_fits_is_dropped() -> None:
    assert not flows_in([group()], tcp(80))
    assert not flows_in([], tcp(80))


@pytest.mark.parametrize(
    ("ports", "port", "passes"),
    [
        ("80", 80, True),
        ("80", 81, False),
        ("80-90", 85, True),
        ("80-90", 91, False),
        ("22,443", 443, True),
        ("22,443", 80, False),
        ("ALL", 1, True),
    ],
)
def test_ports(ports: str, port: int, passes: bool) -> None:
    assert flows_in([group(accept(Protocol.TCP, ports))], tcp(port)) is passes


def test_the_first_rule_that_fits_decides_also_across_groups() -> None:
    closed, opened = group(drop(Protocol.TCP, "80")), group(accept())
    assert not flows_in([closed, opened], tcp(80))
    assert flows_in([closed, opened], tcp(81))
    assert flows_in([opened, closed], tcp(80))


def test_protocols_and_peers() -> None:
    assert not flows_in([group(accept(Protocol.UDP))], tcp(53))
    assert flows_in([group(accept(Protocol.ICMP))], Flow(Protocol.ICMP, PEER))
    assert not flows_in([group(accept(cidr="10.1.0.0/16"))], tcp(80))
    assert flows_in([group(accept(sg="sg-00000009"))], tcp(80))
    assert not flows_in([group(accept(sg="sg-00000008"))], tcp(80))
    assert not flows_in([group(Rule(Protocol.ALL, Verdict.ACCEPT, cidr6="::/0"))], tcp(80))


def test_directions_are_apart() -> None:
    sender = group(egress=(Rule(Protocol.ALL, Verdict.ACCEPT, cidr=ANYWHERE),))
    assert permits([sender], Direction.EGRESS, tcp(80), {})
    assert not permits([sender], Direction.INGRESS, tcp(80), {})
