from __future__ import annotations

from ipaddress import IPv4Address

from vmsim.host.firewall import PublicAddress, ruleset


def pair(public: str, private: str) -> PublicAddress:
    return PublicAddress(IPv4Address(public), IPv4Address(private))


def test_the_table_is_replaced_in_one_transaction() -> None:
    lines = ruleset([]).splitlines()

    assert lines[:3] == ["table inet vmsim", "delete table inet vmsim", "table inet vmsim {"]


def test_without_addresses_nothing_is_translated_and_nothing_passes_between_subnets() -> None:
    text = ruleset([])

    assert "dnat ip" not in text
    assert "type filter hook forward priority filter; policy drop;" in text


def test_a_public_address_is_translated_for_guests_and_for_the_lab() -> None:
    text = ruleset([pair("203.0.113.5", "172.16.0.2")])

    assert text.count("dnat ip to ip daddr map { 203.0.113.5 : 172.16.0.2 }") == 2


def test_the_order_of_the_list_does_not_matter() -> None:
    one, two = pair("203.0.113.5", "172.16.0.2"), pair("203.0.113.6", "172.16.0.3")

    assert ruleset([one, two]) == ruleset([two, one, two])


def test_a_guest_with_two_public_addresses_calls_from_the_first() -> None:
    text = ruleset([pair("203.0.113.6", "172.16.0.2"), pair("203.0.113.5", "172.16.0.2")])

    assert "snat ip to ip saddr map { 172.16.0.2 : 203.0.113.5 }" in text
