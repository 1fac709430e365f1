"""A network's XML as a pure function of its spec, and the way back.

`forward mode='open'`: libvirt makes bridge, dnsmasq and routes and leaves every filter to firewall.py. No STP: a port
that first listens for loops costs a booting guest its first DHCP requests. There is no range of addresses: only guests
entered by name get one, always the same. One entry that no guest can have is always there: libvirt restarts dnsmasq
when the first one comes and when the last one goes, which costs a launch a quarter of a second.

Names that DNS answers beside those of its own leases (guests of other networks) are entries of their own, by address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from vmsim.model.network import METADATA, METADATA_NAME

_OPTIONS = "http://libvirt.org/schemas/network/dnsmasq/1.0"
ElementTree.register_namespace("dnsmasq", _OPTIONS)
_DNS_OPTION = "dhcp-option=option:dns-server,"
ALWAYS = {METADATA[0]: METADATA_NAME}
"""The name that every network answers."""
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
    dns_servers: tuple[str, ...] = ()
    """Whom its guests are told to ask for names; () is the gateway."""
    isolated: bool = False


@dataclass(frozen=True)
class ParsedNetwork:
    """What an existing network's XML says."""

    name: str
    bridge: str
    gateway: str
    prefix: int
    hosts: tuple[HostEntry, ...]
    domain: str
    dns_servers: tuple[str, ...]
    names: Mapping[IPv4Address, str]


def network_xml(spec: NetworkSpec, names: Mapping[IPv4Address, str] | None = None) -> str:
    """The XML libvirt defines; without guests, which come and go, but with the names that it is to answer."""
    root = Element("network")
    SubElement(root, "name").text = spec.name
    SubElement(root, "forward", mode="open")
    SubElement(root, "bridge", name=spec.bridge, stp="off", delay="0")
    SubElement(root, "domain", name=spec.domain, localOnly="yes")
    SubElement(root, "dns").extend(_name(address, name) for address, name in {**ALWAYS, **(names or {})}.items())
    address = SubElement(root, "ip", address=str(spec.gateway), prefix=str(spec.prefix))
    SubElement(SubElement(address, "dhcp"), "host", mac=_NOBODY, ip=str(spec.gateway))
    _give_servers(root, spec.dns_servers)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def with_dns(xml: str, spec: NetworkSpec) -> str:
    """The same network, with another domain and other servers for its guests to ask."""
    root = ElementTree.fromstring(xml)
    domain = root.find("domain")
    if domain is None:
        domain = SubElement(root, "domain", localOnly="yes")
    domain.set("name", spec.domain)
    for options in root.findall(f"{{{_OPTIONS}}}options"):
        root.remove(options)
    _give_servers(root, spec.dns_servers)
    return ElementTree.tostring(root, encoding="unicode")


def _give_servers(root: Element, servers: tuple[str, ...]) -> None:
    if servers:
        options = SubElement(root, f"{{{_OPTIONS}}}options")
        SubElement(options, f"{{{_OPTIONS}}}option", value=_DNS_OPTION + ",".join(servers))


def name_xml(address: IPv4Address, name: str = "") -> str:
    """The element virNetworkUpdate adds, or removes by its address alone."""
    return ElementTree.tostring(_name(address, name), encoding="unicode")


def _name(address: IPv4Address, name: str) -> Element:
    element = Element("host", ip=str(address))
    if name:
        SubElement(element, "hostname").text = name
    return element


def host_xml(host: HostEntry) -> str:
    """The element virNetworkUpdate adds or removes."""
    element = Element("host", mac=host.mac, ip=str(host.address))
    if host.name:
        element.set("name", host.name)
    return ElementTree.tostring(element, encoding="unicode")


def parse(xml: str) -> ParsedNetwork:
    root = ElementTree.fromstring(xml)
    bridge, address, domain = root.find("bridge"), root.find("ip"), root.find("domain")
    return ParsedNetwork(
        name=root.findtext("name", ""),
        bridge="" if bridge is None else bridge.get("name", ""),
        gateway="" if address is None else address.get("address", ""),
        prefix=0 if address is None else int(address.get("prefix", "0")),
        hosts=tuple(_hosts(root.iterfind("ip/dhcp/host"))),
        domain="" if domain is None else domain.get("name", ""),
        dns_servers=_servers(root),
        names={
            IPv4Address(each.get("ip", "0.0.0.0")): each.findtext("hostname", "") for each in root.iterfind("dns/host")
        },
    )


def _servers(root: Element) -> tuple[str, ...]:
    given = [option.get("value", "") for option in root.iterfind(f"{{{_OPTIONS}}}options/{{{_OPTIONS}}}option")]
    lists = [value.removeprefix(_DNS_OPTION) for value in given if value.startswith(_DNS_OPTION)]
    return tuple(server for each in lists for server in each.split(","))


def _hosts(elements: Iterable[Element]) -> Iterable[HostEntry]:
    for element in elements:
        mac = element.get("mac", "").lower()
        if mac != _NOBODY:
            yield HostEntry(mac, IPv4Address(element.get("ip", "0.0.0.0")), element.get("name", ""))
