"""A network's XML as a pure function of its spec, and the way back.

`forward mode='open'`: libvirt makes bridge, dnsmasq and routes and leaves every filter to firewall.py. No STP: a port
that first listens for loops costs a booting guest its first DHCP requests. There is no range of addresses: only guests
entered by name get one, always the same. One entry that no guest can have is always there: libvirt restarts dnsmasq
when the first one comes and when the last one goes, which costs a launch a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from vmsim.model.network import METADATA, METADATA_NAME

_NOBODY = "52:54:00:00:00:00"
"""A MAC of ours ends in three octets of its guest's address, and none of those ends in three zeros."""


@dataclass(frozen=True)
class HostEntry:
    """A static lease: this MAC gets this address, and this name unless it is empty."""

    mac: str
    address: IPv4Address
    name: str


@dataclass(frozen=True)
class NetworkSpec:
    """One subnet. `isolated`: its guests are to be kept apart by the host's filters (with InterfaceSpec.isolated)."""

    name: str
    bridge: str
    gateway: IPv4Address
    prefix: int
    domain: str = "vmsim.internal"
    isolated: bool = False


@dataclass(frozen=True)
class ParsedNetwork:
    """What an existing network's XML says."""

    name: str
    bridge: str
    gateway: str
    prefix: int
    hosts: tuple[HostEntry, ...]


def network_xml(spec: NetworkSpec) -> str:
    """The XML libvirt defines; without guests, which come and go."""
    root = Element("network")
    SubElement(root, "name").text = spec.name
    SubElement(root, "forward", mode="open")
    SubElement(root, "bridge", name=spec.bridge, stp="off", delay="0")
    SubElement(root, "domain", name=spec.domain, localOnly="yes")
    metadata = SubElement(SubElement(root, "dns"), "host", ip=str(METADATA[0]))
    SubElement(metadata, "hostname").text = METADATA_NAME
    address = SubElement(root, "ip", address=str(spec.gateway), prefix=str(spec.prefix))
    SubElement(SubElement(address, "dhcp"), "host", mac=_NOBODY, ip=str(spec.gateway))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def host_xml(host: HostEntry) -> str:
    """The element virNetworkUpdate adds or removes."""
    element = Element("host", mac=host.mac, ip=str(host.address))
    if host.name:
        element.set("name", host.name)
    return ElementTree.tostring(element, encoding="unicode")


def parse(xml: str) -> ParsedNetwork:
    root = ElementTree.fromstring(xml)
    bridge, address = root.find("bridge"), root.find("ip")
    return ParsedNetwork(
        name=root.findtext("name", ""),
        bridge="" if bridge is None else bridge.get("name", ""),
        gateway="" if address is None else address.get("address", ""),
        prefix=0 if address is None else int(address.get("prefix", "0")),
        hosts=tuple(_hosts(root.iterfind("ip/dhcp/host"))),
    )


def _hosts(elements: Iterable[Element]) -> Iterable[HostEntry]:
    for element in elements:
        mac = element.get("mac", "").lower()
        if mac != _NOBODY:
            yield HostEntry(mac, IPv4Address(element.get("ip", "0.0.0.0")), element.get("name", ""))
