"""Networks, leases and public addresses on the lab's own libvirt, with network namespaces in the guests' place."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import psutil
import pytest

from vmsim.host import command, firewall
from vmsim.host.connection import Connection
from vmsim.host.firewall import PublicAddress
from vmsim.host.network import Networks
from vmsim.host.network_xml import HostEntry, NetworkSpec
from vmsim.model.errors import CommandFailed, HostError, NotFound

SPEC = NetworkSpec("subnet-00000001", "vmsim1", IPv4Address("172.16.0.1"), 20)
OTHER = NetworkSpec("subnet-00000002", "vmsim2", IPv4Address("172.16.16.1"), 20)
MAC, OTHER_MAC = "52:54:00:10:00:02", "52:54:00:10:00:03"
ADDRESS, OTHER_ADDRESS = IPv4Address("172.16.0.2"), IPv4Address("172.16.0.3")
FAR = IPv4Address("172.16.16.2")
PUBLIC, OTHER_PUBLIC = IPv4Address("203.0.113.5"), IPv4Address("203.0.113.6")

SERVE = """
import socket, sys
with socket.create_server(("0.0.0.0", 7)) as listener:
    print("ready", flush=True)
    while True:
        client, peer = listener.accept()
        with client:
            client.sendall(peer[0].encode())
"""
CALL = """
import socket, sys
with socket.create_connection((sys.argv[1], 7), timeout=2) as connection:
    print(connection.recv(100).decode())
"""


@pytest.fixture
def networks(connection: Connection) -> Iterator[Networks]:
    made = Networks(connection)
    made.ensure(SPEC)
    yield made
    made.remove(SPEC.name)
    made.remove(OTHER.name)
    firewall.apply([])


@contextmanager
def machine(name: str, bridge: str, address: IPv4Address, gateway: IPv4Address) -> Iterator[str]:
    """A namespace on the bridge, as a guest would be, that answers on port 7 with the address of its caller."""
    for line in (
        f"netns add {name}",
        f"link add {name} type veth peer name eth0 netns {name}",
        f"link set {name} master {bridge} up",
        f"-n {name} link set lo up",
        f"-n {name} link set eth0 up",
        f"-n {name} address add {address}/20 dev eth0",
        f"-n {name} route add default via {gateway}",
    ):
        command.run(["ip", *line.split()])
    server = command.start(["ip", "netns", "exec", name, sys.executable, "-c", SERVE], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    try:
        yield name
    finally:
        server.kill()
        server.communicate()
        command.run(["ip", "netns", "delete", name])


def seen_as(target: IPv4Address, *, by: str = "") -> str:
    """The address `target` sees as its caller, or why there was no answer."""
    inside = ["ip", "netns", "exec", by] if by else []
    try:
        return command.run([*inside, sys.executable, "-c", CALL, str(target)]).stdout.strip()
    except CommandFailed as error:
        return error.stderr.strip().splitlines()[-1].partition(":")[2].strip()


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


def test_a_public_address_reaches_its_guest_and_no_other(networks: Networks) -> None:
    with (
        machine("guest-a", SPEC.bridge, ADDRESS, SPEC.gateway),
        machine("guest-b", SPEC.bridge, OTHER_ADDRESS, SPEC.gateway),
    ):
        assert "unreachable" in seen_as(PUBLIC)
        firewall.apply([PublicAddress(PUBLIC, ADDRESS)])
        firewall.apply([PublicAddress(PUBLIC, ADDRESS)])
        assert IPv4Address(seen_as(PUBLIC)) in (PUBLIC, SPEC.gateway)
        assert "unreachable" in seen_as(OTHER_PUBLIC)
        # Without a public address of its own a neighbour is seen as the gateway, with one as that.
        assert seen_as(PUBLIC, by="guest-b") == str(SPEC.gateway)
        firewall.apply([PublicAddress(PUBLIC, ADDRESS), PublicAddress(OTHER_PUBLIC, OTHER_ADDRESS)])
        assert seen_as(PUBLIC, by="guest-b") == str(OTHER_PUBLIC)
        assert seen_as(ADDRESS, by="guest-b") == str(OTHER_ADDRESS)
        # A guest may call itself by its public address.
        assert seen_as(PUBLIC, by="guest-a") == str(PUBLIC)
        # It moves to another guest, and goes.
        firewall.apply([PublicAddress(PUBLIC, OTHER_ADDRESS)])
        assert seen_as(PUBLIC, by="guest-a") == str(SPEC.gateway)
        firewall.apply([])
        assert "unreachable" in seen_as(PUBLIC)


def test_subnets_reach_each_other_by_public_addresses_only(networks: Networks) -> None:
    networks.ensure(OTHER)
    firewall.apply([PublicAddress(PUBLIC, ADDRESS)])
    with (
        machine("guest-a", SPEC.bridge, ADDRESS, SPEC.gateway),
        machine("guest-far", OTHER.bridge, FAR, OTHER.gateway),
    ):
        assert seen_as(ADDRESS, by="guest-far") == "timed out"
        assert seen_as(PUBLIC, by="guest-far") == str(SPEC.gateway)
        assert "unreachable" in seen_as(OTHER_PUBLIC, by="guest-far")


def test_addresses_that_are_not_ours_stay(networks: Networks) -> None:
    command.run(["ip", "address", "add", "198.51.100.77/32", "dev", "lo"])
    firewall.apply([PublicAddress(PUBLIC, ADDRESS)])
    firewall.apply([])

    said = command.run(["ip", "address", "show", "dev", "lo"]).stdout
    assert "198.51.100.77" in said
    assert "127.0.0.1" in said
    assert str(PUBLIC) not in said
    command.run(["ip", "address", "del", "198.51.100.77/32", "dev", "lo"])
