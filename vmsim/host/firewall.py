"""Public addresses: one nftables table, computed as a whole and replaced in one transaction.

Each public address is a /32 on `lo` of the lab and is translated to a guest's private address, for what comes from
guests (prerouting) and from the lab itself (output). A guest that calls another's public address is seen there under
its own public one, or the gateway's: otherwise two guests of one subnet would answer each other past the translation.
Between subnets nothing passes except towards a public address, and the lab's namespace has no way out at all.

Only addresses on `lo` that carry our label are ever touched. `apply` may be done twice; a public address that is not
listed is unreachable, not refused: no route leads to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from vmsim.host import command

TABLE = "vmsim"
LABEL = "lo:vmsim"


@dataclass(frozen=True)
class PublicAddress:
    """`public` answers for `private`."""

    public: IPv4Address
    private: IPv4Address


def apply(addresses: Iterable[PublicAddress]) -> None:
    """Make these, and no others, the public addresses. Raises CommandFailed; the table is then as it was before."""
    wanted = sorted(set(addresses), key=lambda address: address.public)
    present = _on_lo()
    publics = {address.public for address in wanted}
    for gone in sorted(present - publics):
        command.run(["ip", "address", "del", f"{gone}/32", "dev", "lo"])
    command.run(["nft", "-f", "-"], stdin=ruleset(wanted))
    for new in sorted(publics - present):
        command.run(["ip", "address", "add", f"{new}/32", "dev", "lo", "label", LABEL])


def ruleset(addresses: Iterable[PublicAddress]) -> str:
    """The whole table as nft reads it: made if it is not there, emptied, filled; all of it or nothing."""
    pairs = sorted(set(addresses), key=lambda address: address.public)
    chains = (
        ("prerouting", "nat", "dstnat", _translation(pairs)),
        ("output", "nat", "-100", _translation(pairs)),
        ("postrouting", "nat", "srcnat", _disguise(pairs)),
        ("forwarding", "filter", "filter", _FORWARDING),
    )
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for name, kind, priority, rules in chains:
        hook = {"forwarding": "forward"}.get(name, name)
        policy = "drop" if name == "forwarding" else "accept"
        lines += [f"  chain {name} {{", f"    type {kind} hook {hook} priority {priority}; policy {policy};"]
        lines += [f"    {rule}" for rule in rules]
        lines += ["  }"]
    return "\n".join([*lines, "}", ""])


_FORWARDING = ("ct state established,related accept", "ct status dnat accept")


def _translation(pairs: list[PublicAddress]) -> list[str]:
    if not pairs:
        return []
    return [f"dnat ip to ip daddr map {{ {_map((pair.public, pair.private) for pair in pairs)} }}"]


def _disguise(pairs: list[PublicAddress]) -> list[str]:
    """Only for translated flows, and only those of guests: what the lab itself sends has an address of its own."""
    if not pairs:
        return []
    own = {pair.private: pair.public for pair in reversed(pairs)}
    return [
        "ct status dnat fib saddr type local accept",
        f"ct status dnat snat ip to ip saddr map {{ {_map(own.items())} }}",
        "ct status dnat masquerade",
    ]


def _map(pairs: Iterable[tuple[IPv4Address, IPv4Address]]) -> str:
    return ", ".join(f"{key} : {value}" for key, value in pairs)


def _on_lo() -> set[IPv4Address]:
    said = command.run(["ip", "-json", "address", "show", "dev", "lo"]).stdout
    return {
        IPv4Address(info["local"])
        for device in json.loads(said)
        for info in device.get("addr_info", ())
        if info.get("label") == LABEL
    }
