"""Networks and leases on the lab's own libvirt."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import psutil
import pytest

from vmsim.host import bridges, command
from vmsim.host.bridges import Bridge
from vmsim.host.connection import Connection
from vmsim.host.network import Networks
from vmsim.host.network_xml import HostEntry, NetworkSpec
from vmsim.model.errors import HostError, NotFound

SPEC = NetworkSpec("subnet-00000001", "vmsim1", IPv4Address("172.16.0.1"), 20)
OTHER = NetworkSpec("subnet-00000002", "vmsim2", IPv4Address("172.16.16.1"), 20)
MAC, OTHER_MAC = "52:54:00:10:00:02", "52:54:00:10:00:03"
ADDRESS, OTHER_ADDRESS = IPv4Address("172.16.0.2"), IPv4Address("172.16.0.3")
FAR = IPv4Address("172.16.16.2")
ASK = """
import socket, struct, sys
server, name = sys.argv[1:]
labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split(".")) + bytes(1)
question = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!2H", 1, 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(5)
    asking.sendto(question, (server, 53))
    answer = asking.recv(1000)
for number in range(struct.unpack("!H", answer[6:8])[0]):
    record = answer[len(question) + 16 * number :]
    print(socket.inet_ntoa(record[12:16]))
"""


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


def resolved(name: str, gateway: IPv4Address) -> list[str]:
    """What the resolver of a subnet answers, asked as a guest would."""
    return command.run([sys.executable, "-c", ASK, str(gateway), name]).stdout.split()


def test_names_are_answered_as_they_are_set(networks: Networks) -> None:
    networks.set_names(SPEC.name, {FAR: "far", OTHER_ADDRESS: "near"})
    networks.set_names(SPEC.name, {FAR: "far"})

    assert resolved("far", SPEC.gateway) == resolved("far.vmsim.internal", SPEC.gateway) == [str(FAR)]
    networks.set_names(SPEC.name, {FAR: "renamed"})
    assert resolved("far", SPEC.gateway) == []
    assert resolved("renamed", SPEC.gateway) == [str(FAR)]
    networks.set_names(SPEC.name, {FAR: "far", ADDRESS: "far"}, whole=True)
    assert sorted(resolved("far", SPEC.gateway)) == [str(ADDRESS), str(FAR)], "two of one name are both answered"
    assert networks.resolves(SPEC.name) == {FAR: "far", ADDRESS: "far"}
    networks.set_names(SPEC.name, {FAR: ""})
    assert resolved("far", SPEC.gateway) == [str(ADDRESS)]
    networks.set_names("subnet-none", {FAR: "far"})


def test_a_new_network_answers_from_its_beginning(networks: Networks) -> None:
    networks.ensure(OTHER, {ADDRESS: "there"})

    assert resolved("there", OTHER.gateway) == [str(ADDRESS)]
    assert resolved("there", SPEC.gateway) == []


def test_another_domain_is_taken_when_nobody_is_on_it(networks: Networks) -> None:
    networks.add_host(SPEC.name, MAC, ADDRESS, "ins-a")
    networks.set_names(SPEC.name, {FAR: "far"})
    changed = replace(SPEC, domain="corp.example", dns_servers=("10.9.9.9", "10.9.9.8"))
    command.run(["ip", "link", "add", "occupant", "type", "veth", "peer", "name", "outside"])
    command.run(["ip", "link", "set", "occupant", "master", SPEC.bridge, "up"])
    networks.ensure(changed)
    assert resolved("far.corp.example", SPEC.gateway) == [], "somebody is on it"
    command.run(["ip", "link", "delete", "occupant"])
    networks.ensure(changed)

    assert resolved("far.corp.example", SPEC.gateway) == [str(FAR)]
    assert networks.hosts(SPEC.name) == (HostEntry(MAC, ADDRESS, "ins-a"),)
    said = Path(f"/var/lib/libvirt/dnsmasq/{SPEC.name}.conf").read_text()
    assert "dhcp-option=option:dns-server,10.9.9.9,10.9.9.8" in said
    networks.ensure(SPEC)
    assert "10.9.9.9" not in Path(f"/var/lib/libvirt/dnsmasq/{SPEC.name}.conf").read_text()


def test_what_answers_in_a_network_is_started_again(networks: Networks) -> None:
    """libvirt does it only when something of the network changes, and a guest that starts meanwhile gets no address."""
    pid_file = Path(f"/run/libvirt/network/{SPEC.name}.pid")
    process = psutil.Process(int(pid_file.read_text()))
    process.kill()
    psutil.wait_procs([process], timeout=10)
    networks.ensure(SPEC)
    assert psutil.Process(int(pid_file.read_text())).name() == "dnsmasq"
    assert resolved("metadata.tencentyun.com", SPEC.gateway) == ["169.254.0.23"]


def test_a_bridge_that_somebody_deleted_is_there_again(networks: Networks) -> None:
    command.run(["ip", "link", "del", SPEC.bridge])
    networks.ensure(SPEC)
    assert resolved("metadata.tencentyun.com", SPEC.gateway) == ["169.254.0.23"]


@pytest.mark.parametrize(
    "change",
    [
        "link set tap-a nomaster",
        "link set tap-a down",
        "link set tap-a type bridge_slave isolated off",
        "link set vmsim1 down",
        "address flush dev vmsim1",
    ],
)
def test_a_bridge_keeps_its_address_and_its_ports(networks: Networks, change: str) -> None:
    wanted = Bridge(SPEC.bridge, SPEC.gateway, SPEC.prefix, ("tap-a", "tap-gone"))
    command.run(["ip", "link", "add", "tap-a", "type", "veth", "peer", "name", "far"])
    try:
        bridges.mend([wanted])
        before = links(SPEC.bridge, "tap-a")
        command.run(["ip", *change.split()])
        assert links(SPEC.bridge, "tap-a") != before
        bridges.mend([wanted])
        assert links(SPEC.bridge, "tap-a") == before
    finally:
        command.run(["ip", "link", "del", "tap-a"])


def links(*names: str) -> list[object]:
    """Of each: is it up, whose port is it, is it isolated, what addresses has it?"""
    said = json.loads(command.run(["ip", "-json", "-details", "address", "show"]).stdout)
    return [
        (
            "UP" in link["flags"],
            link.get("master"),
            link["linkinfo"].get("info_slave_data", {}).get("isolated"),
            [(info["local"], info["prefixlen"]) for info in link["addr_info"] if info["family"] == "inet"],
        )
        for link in said
        if link.get("ifname") in names
    ]
