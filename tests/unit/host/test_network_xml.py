from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from vmsim.host.network_xml import ALWAYS, HostEntry, NetworkSpec, host_xml, name_xml, network_xml, parse, with_dns

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


def test_names_are_there_from_the_beginning() -> None:
    names = {IPv4Address("10.0.0.2"): "web", IPv4Address("10.0.0.3"): "web"}

    assert parse(network_xml(SPEC, names)).names == {**ALWAYS, **names}
    assert parse(network_xml(SPEC)).names == ALWAYS


def test_a_name_is_removed_by_its_address() -> None:
    assert name_xml(IPv4Address("10.0.0.2")) == '<host ip="10.0.0.2" />'


def test_another_domain_and_other_servers_leave_the_rest() -> None:
    names = {IPv4Address("10.0.0.2"): "web"}
    xml = network_xml(SPEC, names).replace("</dhcp>", f"{host_xml(HOST)}</dhcp>")
    changed = replace(SPEC, domain="corp.example", dns_servers=("10.9.9.9", "10.9.9.8"))

    found = parse(with_dns(xml, changed))
    assert (found.domain, found.dns_servers) == ("corp.example", ("10.9.9.9", "10.9.9.8"))
    assert (found.hosts, found.names) == ((HOST,), {**ALWAYS, **names})
    again = parse(with_dns(with_dns(xml, changed), SPEC))
    assert (again.domain, again.dns_servers) == ("vmsim.internal", ())
