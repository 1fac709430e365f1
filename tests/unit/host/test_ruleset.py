from __future__ import annotations

from datetime import datetime, timezone
from ipaddress import IPv4Address, IPv4Network

from vmsim.host.ruleset import Guest, PublicAddress, Situation, ruleset, tap_of
from vmsim.model.security_group import ANYWHERE, Protocol, Rule, SecurityGroup, Verdict

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def pair(public: str, private: str, mbit: int = 0) -> PublicAddress:
    return PublicAddress(IPv4Address(public), IPv4Address(private), mbit)


def guest(last: int, *groups: str) -> Guest:
    return Guest(f"tap-0000000{last}", f"52:54:00:00:00:0{last}", IPv4Address(f"10.0.0.{last}"), groups)


def with_rules(*ingress: Rule) -> str:
    group = SecurityGroup("sg-0000000a", "r", "n", "", 0, False, NOW, NOW, 0, ingress)
    return ruleset(Situation(guests=(guest(2, group.id),), groups=(group,)))


def test_both_tables_are_replaced_in_one_transaction() -> None:
    lines = ruleset(Situation()).splitlines()
    assert lines[:3] == ["table inet vmsim", "delete table inet vmsim", "table inet vmsim {"]
    assert "delete table bridge vmsim" in lines


def test_without_anybody_nothing_passes() -> None:
    text = ruleset(Situation())
    assert "dnat ip" not in text
    assert "hook forward priority filter; policy drop;" in text


def test_a_public_address_is_translated_for_guests_and_for_the_lab() -> None:
    text = ruleset(Situation(public=(pair("203.0.113.5", "172.16.0.2"),)))
    assert text.count("dnat ip to ip daddr map { 203.0.113.5 : 172.16.0.2 }") == 2


def test_a_public_address_that_is_nobodys_does_not_get_out() -> None:
    reserved = 'oifname "internet0" ip daddr { 203.0.113.0/24, 198.51.100.0/24 }'
    text = ruleset(Situation())
    assert f"{reserved} drop" in text and f"{reserved} reject with icmp type host-unreachable" in text


def test_the_order_of_what_is_given_does_not_matter() -> None:
    one, two = pair("203.0.113.5", "10.0.0.2", 5), pair("203.0.113.6", "10.0.0.3")
    vpcs = {"vpc-b": (IPv4Network("10.0.1.0/24"), IPv4Network("10.0.0.0/24")), "vpc-a": (IPv4Network("10.1.0.0/24"),)}
    turned = {name: subnets[::-1] for name, subnets in reversed(vpcs.items())}
    first = ruleset(Situation((one, two), (guest(2), guest(3)), (), vpcs))
    assert first == ruleset(Situation((two, one, two), (guest(3), guest(2)), (), turned))


def test_dhcp_is_asked_for_in_ones_own_name() -> None:
    text = ruleset(Situation(guests=(guest(2),)))
    assert "ether saddr 52:54:00:00:00:02 @th,288,48 0x525400000002 accept" in text


def test_a_guest_with_two_public_addresses_calls_from_the_first() -> None:
    text = ruleset(Situation(public=(pair("203.0.113.6", "172.16.0.2"), pair("203.0.113.5", "172.16.0.2"))))
    assert "snat ip to ip saddr map { 172.16.0.2 : 203.0.113.5 }" in text


def test_a_rule_in_nfts_words() -> None:
    web = Rule(Protocol.TCP, Verdict.ACCEPT, "80,443,8000-8010", IPv4Network("10.1.0.0/16"))
    text = with_rules(
        web, Rule(Protocol.ALL, Verdict.DROP, cidr=ANYWHERE), Rule(Protocol.ALL, Verdict.ACCEPT, cidr6="::/0")
    )
    assert (
        "ct reply ip daddr 10.1.0.0/16 meta l4proto tcp ct reply proto-src { 80, 443, 8000-8010 } accept\n    drop\n  }"
        in text
    )


def test_ports_that_meet_are_one() -> None:
    text = with_rules(Rule(Protocol.UDP, Verdict.ACCEPT, "53,54,50-60,1", ANYWHERE))
    assert "{ 1, 50-60 } accept" in text


def test_a_group_as_the_other_end_is_its_members() -> None:
    text = with_rules(Rule(Protocol.ALL, Verdict.ACCEPT, group_id="sg-0000000a"))
    assert "ct reply ip daddr @in_sg_0000000a accept" in text
    assert "set in_sg_0000000a {\n    type ipv4_addr\n    elements = { 10.0.0.2 }" in text


def test_the_bandwidth_that_was_bought() -> None:
    text = ruleset(Situation(public=(pair("203.0.113.5", "10.0.0.2", 8),)))
    assert "limit rate over 1000000 bytes/second burst 100000 bytes drop" in text
    assert "limit" not in ruleset(Situation(public=(pair("203.0.113.5", "10.0.0.2"),)))


def test_the_device_of_an_instance_fits_the_kernel() -> None:
    assert tap_of("ins-3k9x0q2a") == "tap-3k9x0q2a" and len(tap_of("ins-3k9x0q2a")) <= 15
