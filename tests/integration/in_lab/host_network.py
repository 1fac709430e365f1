"""Networks and leases on the lab's own libvirt."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import psutil
import pytest

from vmsim.host.connection import Connection
from vmsim.host.network import Networks
from vmsim.host.network_xml import HostEntry, NetworkSpec
from vmsim.model.errors import HostError, NotFound

SPEC = NetworkSpec("subnet-00000001", "vmsim1", IPv4Address("172.16.0.1"), 20)
OTHER = NetworkSpec("subnet-00000002", "vmsim2", IPv4Address("172.16.16.1"), 20)
MAC, OTHER_MAC = "52:54:00:10:00:02", "52:54:00:10:00:03"
ADDRESS, OTHER_ADDRESS = IPv4Address("172.16.0.2"), IPv4Address("172.16.0.3")


@pytest.fixture
def networks(connection: Connection) -> Iterator[Networks]:
    made = Networks(connection)
    made.ensure(SPEC)
    yield made
    made.remove(SPEC.name)
    made.remove(OTHER.name)


def test_ensuring_twice_makes_one(networks: Networks) -> None:
    networks.ensure(SPEC)

    assert networks.names() == (SPEC.name,)


def test_a_network_of_that_name_with_another_address_is_refused(networks: Networks) -> None:
    with pytest.raises(HostError, match=r"172\.16\.0\.1/20 on vmsim1"):
        networks.ensure(replace(SPEC, gateway=IPv4Address("172.17.0.1")))


def test_several_at_once_make_it_once(networks: Networks) -> None:
    """As the first launches of a new home do."""
    networks.remove(SPEC.name)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(networks.ensure, [SPEC] * 8))
        list(pool.map(lambda n: networks.add_host(SPEC.name, f"52:54:00:10:00:{n:02x}", ADDRESS + n, "web"), range(8)))

    assert networks.names() == (SPEC.name,)
    assert len(networks.hosts(SPEC.name)) == 8
    assert [host.name for host in networks.hosts(SPEC.name)].count("web") == 1


def test_removing_twice(networks: Networks) -> None:
    networks.remove(SPEC.name)
    networks.remove(SPEC.name)

    assert networks.names() == ()
    assert not Path("/sys/class/net/vmsim1").exists()


def test_a_host_is_entered_once(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC.upper(), ADDRESS, "ins-a")
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")

    assert networks.hosts(SPEC.name) == (HostEntry(MAC, ADDRESS, "ins-a"),)
    hosts = Path(f"/var/lib/libvirt/dnsmasq/{SPEC.name}.hostsfile").read_text()
    assert hosts.splitlines().count(f"{MAC},{ADDRESS},ins-a") == 1


def test_a_host_moves_to_its_new_address_and_takes_it_from_others(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")
    networks.add_host(SPEC.name, OTHER_MAC, OTHER_ADDRESS, "ins-b")
    networks.add_host(SPEC.name, MAC, OTHER_ADDRESS, "ins-a")

    assert networks.hosts(SPEC.name) == (HostEntry(MAC, OTHER_ADDRESS, "ins-a"),)


def test_a_name_that_another_guest_has_is_left_out(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "web")
    for _ in range(2):
        networks.add_host(SPEC.name, OTHER_MAC, OTHER_ADDRESS, "web")

    assert networks.hosts(SPEC.name) == (HostEntry(MAC, ADDRESS, "web"), HostEntry(OTHER_MAC, OTHER_ADDRESS, ""))


def test_a_host_removed_is_gone_and_so_it_stays(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")
    networks.remove_host(SPEC.name, MAC)
    networks.remove_host(SPEC.name, MAC)
    networks.remove_host("subnet-none", MAC)

    assert networks.hosts(SPEC.name) == ()


def test_hosts_are_kept_when_the_network_starts_again(networks: Networks, connection: Connection) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")
    connection.call(lambda raw: raw.networkLookupByName(SPEC.name).destroy())
    networks.ensure(SPEC)

    assert networks.hosts(SPEC.name) == (HostEntry(MAC, ADDRESS, "ins-a"),)


def test_a_network_that_is_not_there(networks: Networks) -> None:
    with pytest.raises(NotFound, match="There is no network subnet-none"):
        networks.add_host("subnet-none", MAC, ADDRESS, "ins-a")


def test_nobody_has_a_lease_without_asking(networks: Networks) -> None:
    assert networks.leases(SPEC.name) == ()
    assert networks.lease(SPEC.name, MAC) is None


def test_networks_are_there_after_libvirtd_was_killed(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")
    libvirtd = next(process for process in psutil.process_iter() if process.name() == "libvirtd")
    libvirtd.send_signal(signal.SIGKILL)
    networks.ensure(SPEC)
    networks.add_host(SPEC.name, OTHER_MAC, OTHER_ADDRESS, "ins-b")

    assert {host.name for host in networks.hosts(SPEC.name)} == {"ins-a", "ins-b"}


def test_isolation_lets_the_host_answer_for_guests(networks: Networks) -> None:
    networks.ensure(replace(SPEC, isolated=True))

    assert Path("/proc/sys/net/ipv4/conf/vmsim1/proxy_arp_pvlan").read_text() == "1\n"
    assert Path("/proc/sys/net/ipv4/conf/vmsim1/send_redirects").read_text() == "0\n"
