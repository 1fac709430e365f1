from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim.model import security_rule
from vmsim.model.errors import UsageError
from vmsim.model.security_group import Protocol, Rule, Verdict


@pytest.mark.parametrize("text", ["tcp", "TCP", "Tcp"])
def test_either_case_is_taken(text: str) -> None:
    assert security_rule.protocol(text) is Protocol.TCP
    assert security_rule.verdict("accept") is Verdict.ACCEPT
    assert security_rule.ports("all", Protocol.TCP) == "ALL"


def test_what_is_not_named_is_all() -> None:
    assert security_rule.protocol("") is Protocol.ALL
    assert security_rule.ports("", Protocol.TCP) == "ALL"


@pytest.mark.parametrize("text", ["SCTP", "6", "TCP "])
def test_what_is_no_protocol(text: str) -> None:
    with pytest.raises(UsageError):
        security_rule.protocol(text)


@pytest.mark.parametrize("text", ["", "REJECT", "ALLOW"])
def test_what_is_no_verdict(text: str) -> None:
    with pytest.raises(UsageError):
        security_rule.verdict(text)


@pytest.mark.parametrize("text", ["80", "80,443", "8000-8010", "1-65535", "443,80", "22,8000-8010"])
def test_ports_are_kept_as_they_are_written(text: str) -> None:
    assert security_rule.ports(text, Protocol.UDP) == text


def test_a_port_has_one_form() -> None:
    """Else one rule could stand there twice."""
    assert security_rule.ports("00080,0443-00500", Protocol.TCP) == "80,443-500"


def test_a_rule_has_so_many_ports_and_no_more() -> None:
    """With tens of thousands nft did not end in time, and no rule of the lab could be changed any more."""
    assert security_rule.ports(",".join(map(str, range(1, 41, 2))), Protocol.TCP).count(",") == 19
    with pytest.raises(UsageError, match="Port has 32768 ports") as raised:
        security_rule.ports(",".join(map(str, range(1, 65536, 2))), Protocol.TCP)
    assert raised.value.code == "InvalidParameterValue.LimitExceeded"


@pytest.mark.parametrize(
    "text", ["0", "65536", "80-", "-80", "90-80", "80, 443", "80,,443", "http", "80,80", "80,70-90"]
)
def test_what_are_no_ports(text: str) -> None:
    with pytest.raises(UsageError):
        security_rule.ports(text, Protocol.TCP)


@pytest.mark.parametrize("protocol", [one for one in Protocol if not one.has_ports])
def test_only_tcp_and_udp_have_ports(protocol: Protocol) -> None:
    assert security_rule.ports("", protocol) == security_rule.ports("ALL", protocol) == "ALL"
    with pytest.raises(UsageError):
        security_rule.ports("80", protocol)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("1.2.3.4", "1.2.3.4/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("0.0.0.0/24", "0.0.0.0/0"),
        ("0.0.0.0", "0.0.0.0/0"),
    ],
)
def test_a_network_has_one_form(text: str, kept: str) -> None:
    assert security_rule.cidr(text) == IPv4Network(kept)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0/8", "256.0.0.0", "10.0.0.0/", "::/0", "any", "1" * 15]
)
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(UsageError):
        security_rule.cidr(text)


def test_networks_of_ipv6_are_kept() -> None:
    assert security_rule.cidr6("::/0", Protocol.ALL) == "::/0"
    assert security_rule.cidr6("FD00:0::1", Protocol.ICMPV6) == "fd00::1"
    assert security_rule.cidr6("FD00:0::1/128", Protocol.ICMPV6) == "fd00::1/128"
    for text, protocol in (("fe80::1%eth0", Protocol.ALL), ("10.0.0.0/8", Protocol.ALL), ("::/0", Protocol.ICMP)):
        with pytest.raises(UsageError):
            security_rule.cidr6(text, protocol)


@given(st.text("0123456789,-ALal", max_size=24))
def test_what_is_kept_can_be_read_again(text: str) -> None:
    try:
        kept = security_rule.ports(text, Protocol.TCP)
    except UsageError:
        return
    ranges = Rule(Protocol.TCP, Verdict.ACCEPT, kept).port_ranges
    assert all(1 <= low <= high <= security_rule.LAST_PORT for low, high in ranges)
