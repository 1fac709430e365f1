"""The bridges of networks as the kernel has them: their address, their ports, and how flows over them are judged.

libvirt makes all of it once and never looks again: what somebody takes away by hand stays away, and guests with it.
Nothing is done where everything is as it should be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from vmsim.host import command

_SYSCTL = Path("/proc/sys/net/ipv4/conf")
_LINKS = Path("/sys/class/net")
_BRIDGED = Path("/proc/sys/net/bridge")


@dataclass(frozen=True)
class Bridge:
    """`ports` are the devices of its guests that are on; one that is not there is none's fault."""

    name: str
    gateway: IPv4Address
    prefix: int
    ports: tuple[str, ...] = ()


def exists(bridge: str) -> bool:
    return (_LINKS / bridge).exists()


def has_ports(bridge: str) -> bool:
    """Is a guest on it? It would lose its network with the bridge."""
    ports = _LINKS / bridge / "brif"
    return ports.exists() and any(not port.name.endswith("-nic") for port in ports.iterdir())


def judge_every_flow(bridge: str) -> None:
    """Guests on isolated ports reach each other only through the host, which answers ARP for them, so that one
    stateful table sees every flow; and never tells them of a shorter way."""
    _set(_SYSCTL / bridge / "proxy_arp_pvlan", "1")
    _set(_SYSCTL / bridge / "send_redirects", "0")


def let_bridged_frames_pass() -> None:
    """Where the host has loaded br_netfilter (Docker does), frames between two ports of one bridge would meet the
    filters made for what is routed. This namespace has a switch of its own for that."""
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"):
        if (_BRIDGED / name).exists():
            _set(_BRIDGED / name, "0")


def mend(wanted: Iterable[Bridge]) -> None:
    """Put back what is missing of those that are there. Their ports are isolated ones."""
    said = command.run(["ip", "-json", "-details", "address", "show"]).stdout
    links: Mapping[str, Mapping[str, Any]] = {link["ifname"]: link for link in json.loads(said) if "ifname" in link}
    for bridge in wanted:
        if bridge.name in links:
            _mend(bridge, links)


def _mend(bridge: Bridge, links: Mapping[str, Mapping[str, Any]]) -> None:
    found = links[bridge.name]
    if "UP" not in found["flags"]:
        _ip("link", "set", bridge.name, "up")
    if not any(info.get("local") == str(bridge.gateway) for info in found.get("addr_info", ())):
        _ip("address", "add", f"{bridge.gateway}/{bridge.prefix}", "brd", "+", "dev", bridge.name)
    for port in bridge.ports:
        link = links.get(port)
        if link is None:
            continue
        if link.get("master") != bridge.name or "UP" not in link["flags"]:
            _ip("link", "set", port, "master", bridge.name, "up")
        if not link.get("linkinfo", {}).get("info_slave_data", {}).get("isolated"):
            _ip("link", "set", port, "type", "bridge_slave", "isolated", "on")
    judge_every_flow(bridge.name)


def _ip(*words: str) -> None:
    """Unchecked: a device may have gone since it was looked at, and the next round looks again."""
    command.run(["ip", *words], check=False)


def _set(switch: Path, value: str) -> None:
    if switch.read_text().strip() != value:
        switch.write_text(value)
