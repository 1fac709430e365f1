"""Networks: a bridge with DHCP and DNS for each subnet, and the addresses in it.

Everything may be done twice: `ensure` makes what is missing, a host entered again moves to its new address, one that is
gone is gone. Entries are made in the running network and in its definition, so that they survive libvirtd and a power
cut. A lease is read from dnsmasq through libvirt; only one whose expiry is newer than a guest's start says that this
boot asked for it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import libvirt

from vmsim.host import bridges
from vmsim.host.connection import Connection
from vmsim.host.network_xml import (
    ALWAYS,
    HostEntry,
    NetworkSpec,
    ParsedNetwork,
    host_xml,
    name_xml,
    network_xml,
    parse,
    with_dns,
)
from vmsim.model.errors import HostError, NotFound

T = TypeVar("T")

log = logging.getLogger(__name__)

_PIDS = Path("/run/libvirt/network")
"""Where libvirt keeps the pid of each network's dnsmasq."""
_ADD = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST
_DELETE = libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE
_LIVE = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
_CONFIG = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG


@dataclass(frozen=True)
class Lease:
    """What dnsmasq gave; `expires` is Unix time."""

    mac: str
    address: IPv4Address
    name: str
    expires: float


class Networks:
    """Every network of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changing = threading.Lock()
        """What is changed by a difference is looked at and changed by one worker: two launches of a new home would both
        start its network, and two guests of one name both find it free."""

    def ensure(self, spec: NetworkSpec, names: Mapping[IPv4Address, str] | None = None) -> None:
        """Define and start it unless it is so; a new one answers these names from its beginning. One of that name with
        another address is refused, not rebuilt: guests may be on it. For another domain, or other servers to ask, it
        starts anew as soon as nobody is on it. What somebody killed or deleted of it is there again."""

        def work(raw: libvirt.virConnect) -> None:
            network = _find(raw, spec.name)
            if network is None:
                network = raw.networkDefineXMLFlags(network_xml(spec, names), libvirt.VIR_NETWORK_DEFINE_VALIDATE)
            xml = network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
            found = parse(xml)
            if (found.bridge, found.gateway, found.prefix) != (spec.bridge, str(spec.gateway), spec.prefix):
                raise HostError(
                    f"network {spec.name} exists as {found.gateway}/{found.prefix} on {found.bridge}, "
                    f"not as {spec.gateway}/{spec.prefix} on {spec.bridge}."
                )
            if (found.domain, found.dns_servers) != (spec.domain, spec.dns_servers) and not bridges.has_ports(
                spec.bridge
            ):
                network = raw.networkDefineXMLFlags(with_dns(xml, spec), libvirt.VIR_NETWORK_DEFINE_VALIDATE)
                if network.isActive():
                    network.destroy()
            if not network.isActive():
                network.create()
            else:
                _restore(network, spec.name, spec.bridge)

        with self._changing:
            self._connection.call(work)
        bridges.let_bridged_frames_pass()
        if spec.isolated:
            bridges.judge_every_flow(spec.bridge)

    def remove(self, name: str) -> None:
        """Stop and forget it; nothing when it is gone."""

        def work(network: libvirt.virNetwork) -> None:
            if network.isActive():
                network.destroy()
            network.undefine()

        with contextlib.suppress(NotFound):
            self._on(name, work)

    def names(self) -> tuple[str, ...]:
        """Networks that are defined: what they are called."""
        return self._connection.call(
            lambda raw: tuple(parse(network.XMLDesc()).name for network in raw.listAllNetworks())
        )

    def hosts(self, name: str) -> tuple[HostEntry, ...]:
        """The static leases of a network."""
        return self._on(name, lambda network: parse(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)).hosts)

    def add_host(self, name: str, mac: str, address: IPv4Address, hostname: str) -> None:
        """Give `mac` this address from now on; whoever had the address or another of this MAC's loses it. A host name
        that another guest of the network has is left out: names need not be unique, and libvirt wants them to be."""
        wanted = HostEntry(mac.lower(), address, hostname)

        def replaced(entry: HostEntry) -> bool:
            return entry.mac == wanted.mac or entry.address == address

        self._update(name, replaced, wanted)

    def remove_host(self, name: str, mac: str) -> None:
        """Forget what `mac` gets; nothing when it gets nothing, or the network is gone."""
        with contextlib.suppress(NotFound):
            self._update(name, lambda entry: entry.mac == mac.lower(), None)

    def resolves(self, name: str) -> Mapping[IPv4Address, str]:
        """The names that it answers beside those of its own leases, and beside the one that each answers."""
        found = self._on(name, lambda network: parse(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)).names)
        return {address: known for address, known in found.items() if address not in ALWAYS}

    def set_names(self, name: str, wanted: Mapping[IPv4Address, str], *, whole: bool = False) -> None:
        """What its DNS answers for these addresses; "" is nothing. `whole`: and nothing for any other. No more is done
        when the network is gone."""

        wanted = {**ALWAYS, **wanted}

        def change(network: libvirt.virNetwork, found: ParsedNetwork, where: int) -> None:
            section = libvirt.VIR_NETWORK_SECTION_DNS_HOST
            for address, known in found.names.items():
                if known != wanted.get(address, "" if whole else known):
                    network.update(_DELETE, section, -1, name_xml(address), where)
            for address, given in wanted.items():
                if given and found.names.get(address) != given:
                    network.update(_ADD, section, -1, name_xml(address, given), where)

        with contextlib.suppress(NotFound):
            self._change(name, change)

    def leases(self, name: str) -> tuple[Lease, ...]:
        """What dnsmasq has given out and not yet taken back."""

        def work(network: libvirt.virNetwork) -> tuple[Lease, ...]:
            return tuple(
                Lease(row["mac"], IPv4Address(row["ipaddr"]), row.get("hostname") or "", float(row["expirytime"]))
                for row in network.DHCPLeases()
            )

        return self._on(name, work)

    def lease(self, name: str, mac: str) -> Lease | None:
        """The newest lease of one guest."""
        mine = [lease for lease in self.leases(name) if lease.mac.lower() == mac.lower()]
        return max(mine, key=lambda lease: lease.expires, default=None)

    # --- within

    def _on(self, name: str, work: Callable[[libvirt.virNetwork], T]) -> T:
        return self._connection.call(lambda raw: work(raw.networkLookupByName(name)), name=name)

    def _update(self, name: str, remove: Callable[[HostEntry], bool], add: HostEntry | None) -> None:
        def change(network: libvirt.virNetwork, found: ParsedNetwork, where: int) -> None:
            section = libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST
            wanted = add
            if add is not None and any(entry.name == add.name for entry in found.hosts if not remove(entry)):
                wanted = replace(add, name="")
            for entry in found.hosts:
                if remove(entry) and entry != wanted:
                    network.update(_DELETE, section, -1, host_xml(entry), where)
            if wanted is not None and wanted not in found.hosts:
                network.update(_ADD, section, -1, host_xml(wanted), where)

        self._change(name, change)

    def _change(self, name: str, change: Callable[[libvirt.virNetwork, ParsedNetwork, int], None]) -> None:
        """The running network and the definition, each by its own difference: a crash may leave them apart."""

        def work(network: libvirt.virNetwork) -> None:
            if network.isActive():
                change(network, parse(network.XMLDesc()), _LIVE)
            change(network, parse(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)), _CONFIG)

        with self._changing:
            self._on(name, work)


def _find(raw: libvirt.virConnect, name: str) -> libvirt.virNetwork | None:
    try:
        return raw.networkLookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
            return None
        raise


def _restore(network: libvirt.virNetwork, name: str, bridge: str) -> None:
    """What was killed or deleted of one that libvirt takes for running: it looks only when something is changed."""
    pid_file = _PIDS / f"{name}.pid"
    if not pid_file.exists():
        return
    if not bridges.exists(bridge):
        log.warning("the bridge %s of %s is gone: both are made anew", bridge, name)
        network.destroy()
        network.create()
    elif not _is_dnsmasq(pid_file):
        log.warning("dnsmasq of %s has ended: it is started again", name)
        for change in (_DELETE, _ADD):
            for address, known in ALWAYS.items():
                network.update(change, libvirt.VIR_NETWORK_SECTION_DNS_HOST, -1, name_xml(address, known), _LIVE)


def _is_dnsmasq(pid_file: Path) -> bool:
    try:
        return Path(f"/proc/{int(pid_file.read_text())}/comm").read_text() == "dnsmasq\n"
    except (OSError, ValueError):
        return False
