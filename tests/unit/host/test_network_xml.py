from __future__ import annotations

from ipaddress import IPv4Address

from vmsim.host.network_xml import HostEntry, NetworkSpec, host_xml, network_xml, parse

SPEC = NetworkSpec("subnet-00000001", "vmsim1", IPv4Address("172.16.0.1"), 20)
HOST = HostEntry("52:54:00:10:00:02", IPv4Address("172.16.0.2"), "ins-3k9x0q2a")


def test_what_goes_in_comes_out() -> None:
    found = parse(network_xml(SPEC))

    assert (found.name, found.bridge, found.gateway, found.prefix) == ("subnet-00000001", "vmsim1", "172.16.0.1", 20)
    assert found.hosts == ()


def test_a_host_comes_back_as_it_was() -> None:
    with_host = network_xml(SPEC).replace("</dhcp>", f"{host_xml(HOST)}</dhcp>")

    assert parse(with_host).hosts == (HOST,)


def test_dnsmasq_runs_before_the_first_guest_and_after_the_last() -> None:
    xml = network_xml(SPEC)

    assert xml.count("<host mac=") == 1
    assert HOST.mac not in xml


def test_filters_are_ours_and_no_port_waits() -> None:
    xml = network_xml(SPEC)

    assert '<forward mode="open"' in xml
    assert 'stp="off"' in xml
    assert "<range" not in xml
