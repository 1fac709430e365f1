"""What passes in the lab, as nftables read it: a pure function of who is there and what the rules say.

    guest ─▶ bridge vmsim/prerouting   is it who it says it is?        (its tap, its MAC, its address)
          ─▶ inet   vmsim/prerouting   a public address becomes the private one
          ─▶        vmsim/forward      its own groups' egress rules; one VPC does not see another
          ─▶        vmsim/bandwidth    what leaves by a public address, no faster than was bought
          ─▶        vmsim/postrouting  it leaves with its public address
          ─▶        vmsim/inbound      the other one's ingress rules
    guest ─▶        vmsim/input        the lab itself: DHCP, names, metadata, ping; nothing else

A connection is judged by what its first packet said (`ct original`, `ct reply`), in every packet and both directions:
so answers need no rule, a connection that is still allowed never notices a new ruleset, and one that is not allowed any
more ends. For the same reason a translation is checked against what is published now: conntrack would go on with the
old one.

Ingress is judged behind the source's translation, because there the packet says who the called one sees. What the lab
itself sends to a private address is vmsim's own way in, and is not judged; to a public address it is a caller from the
Internet, with an address of its own; to one that is nobody's it does not get out. Everything between guests comes
through here: the ports of a subnet's bridge are isolated from each other, and the host answers ARP for what is behind
them.

Policing by nft instead of tc: only here it is known whether a packet leaves by a public address, and tc cannot hold up
what enters by a tap without actions that many kernels do not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from vmsim.model.network import METADATA, PUBLIC_RANGES
from vmsim.model.security_group import ANYWHERE, Direction, Protocol, Rule, SecurityGroup

TABLE = "vmsim"
BRIDGES = "vmsim*"
TAPS = "tap-*"
INTERNET = "internet0"
"""The device of the way out, where the lab has one."""
CALLER = IPv4Address("192.0.2.1")
"""Whom a guest sees when a program of the lab calls its public address (TEST-NET-1: it exists nowhere)."""
_BYTES_OF_A_MBIT = 125_000
_LEAST_BURST = 65_536


@dataclass(frozen=True)
class PublicAddress:
    """`public` answers for `private`; what leaves by it is held to `mbit` per second, 0 is no limit."""

    public: IPv4Address
    private: IPv4Address
    mbit: int = 0


@dataclass(frozen=True)
class Guest:
    """One that is on. No groups at all: nothing is refused."""

    tap: str
    mac: str
    address: IPv4Address
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """All that the rules are made of. `vpcs` are the subnets of each."""

    public: tuple[PublicAddress, ...] = ()
    guests: tuple[Guest, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    vpcs: Mapping[str, tuple[IPv4Network, ...]] | None = None


def tap_of(instance_id: str) -> str:
    """The name of its network device on the host. (libvirt keeps any name that does not begin with its own `vnet`.)"""
    return f"tap-{instance_id.rpartition('-')[2]}"


def ruleset(situation: Situation) -> str:
    """Both tables: made if they are not there, emptied, filled; all of it or nothing."""
    pairs = sorted(set(situation.public), key=lambda pair: pair.public)
    guests = sorted(set(situation.guests), key=lambda guest: guest.address)
    lines: list[str] = []
    for family, parts in (("inet", _inet(situation, pairs, guests)), ("bridge", _bridge(guests))):
        lines += [f"table {family} {TABLE}", f"delete table {family} {TABLE}", f"table {family} {TABLE} {{"]
        lines += [f"  {line}" for line in parts]
        lines += ["}"]
    return "\n".join([*lines, ""])


def _inet(situation: Situation, pairs: list[PublicAddress], guests: list[Guest]) -> list[str]:
    vpcs = {ident: subnets for ident, subnets in sorted((situation.vpcs or {}).items()) if subnets}
    own = {pair.private: pair for pair in reversed(pairs)}
    first_of = {private: pair.public for private, pair in sorted(own.items())}
    limited = [pair for _, pair in sorted(own.items()) if pair.mbit]
    return [
        *_set("published", "ipv4_addr . ipv4_addr", (f"{pair.public} . {pair.private}" for pair in pairs)),
        *_set("with_public", "ipv4_addr", map(str, first_of)),
        *_set("guests", "ipv4_addr", (str(guest.address) for guest in guests)),
        *_groups(situation.groups, guests),
        *_chain("egress", [*_judged("original", guests, Direction.EGRESS), "drop"]),
        *_chain("ingress", [*_judged("reply", guests, Direction.INGRESS), "accept"]),
        *(line for ident, subnets in vpcs.items() for line in _vpc(ident, subnets)),
        *_chain("apart", _apart(vpcs)),
        *(line for pair in limited for line in _limit(pair)),
        *_hook("prerouting", "nat", "prerouting", "dstnat", "accept", _translation(pairs)),
        *_hook("output", "nat", "output", "-100", "accept", _translation(pairs)),
        *_hook("forward", "filter", "forward", "filter", "drop", _FORWARD),
        *_hook("bandwidth", "filter", "forward", "filter + 5", "accept", _limited(limited, _BY_PUBLIC, _BY_INTERNET)),
        *_hook("lab_bandwidth", "filter", "input", "filter - 5", "accept", _limited(limited, _BY_PUBLIC)),
        *_hook("postrouting", "nat", "postrouting", "srcnat", "accept", _disguise(first_of)),
        *_hook("inbound", "filter", "postrouting", "srcnat + 10", "accept", _INBOUND),
        *_chain("dhcp", _dhcp(guests)),
        *_hook("input", "filter", "input", "filter", "accept", _INPUT),
        *_hook("outbound", "filter", "output", "filter", "accept", _OUTBOUND),
    ]


_CURRENT = "ct status dnat ct original ip daddr . ct reply ip saddr != @published drop"
_RESERVED = ", ".join(map(str, PUBLIC_RANGES))
_FORWARD = (
    "ct state invalid drop",
    _CURRENT,
    f'oifname "{INTERNET}" ip saddr != @with_public drop',
    f'oifname "{INTERNET}" ip daddr {{ {_RESERVED} }} drop',
    f'iifname "{BRIDGES}" oifname "{BRIDGES}" ct status snat '
    "ct reply ip daddr . ct original ip saddr != @published drop",
    "ct state related accept",
    "ct status dnat ct original ip saddr != @with_public drop",
    "ct status dnat goto egress",
    "jump apart",
    "goto egress",
)
_INBOUND = (
    f'oifname != "{BRIDGES}" return',
    "ct state related accept",
    "ct status dnat goto ingress",
    "ct original ip saddr @guests goto ingress",
)
_INPUT = (
    f'iifname "{INTERNET}" ct state established,related accept',
    f'iifname "{INTERNET}" drop',
    f'iifname != "{BRIDGES}" accept',
    _CURRENT,
    "ct direction reply ct status dnat goto ingress",
    "ct state established,related accept",
    "udp dport 67 goto dhcp",
    f"ip daddr {{ {', '.join(map(str, METADATA))} }} tcp dport 80 accept",
    "fib daddr . iif type != local drop",  # the gateway of its own subnet, and no other one's
    "meta l4proto { tcp, udp } th dport 53 accept",
    "icmp type echo-request accept",
    "drop",
)
# A public address that is nobody's leads nowhere, way out or not: outside it may well be somebody's.
_OUTBOUND = (f'oifname "{INTERNET}" ip daddr {{ {_RESERVED} }} reject with icmp type host-unreachable',)
_BY_INTERNET = f'oifname "{INTERNET}"'
_BY_PUBLIC = "ct status dnat"


def _translation(pairs: list[PublicAddress]) -> list[str]:
    if not pairs:
        return []
    return [f"dnat ip to ip daddr map {{ {_map((pair.public, pair.private) for pair in pairs)} }}"]


def _disguise(first_of: Mapping[IPv4Address, IPv4Address]) -> list[str]:
    """A guest calls with its public address; outside the lab with that of the way out."""
    rules = [f'oifname "{INTERNET}" masquerade', f"ct status dnat fib saddr type local snat ip to {CALLER}"]
    if first_of:
        rules.append(f"ct status dnat snat ip to ip saddr map {{ {_map(first_of.items())} }}")
    return rules


def _vpc(ident: str, subnets: tuple[IPv4Network, ...]) -> list[str]:
    """Who belongs to it may be reached by private address, and what is outside the lab; nobody else."""
    inside = f"ct reply ip saddr {{ {', '.join(map(str, sorted(set(subnets))))} }} return"
    outside = [f'oifname "{INTERNET}" return', f'iifname "{INTERNET}" return']
    return _chain(_name(ident), [inside, *outside, "drop"])


def _apart(vpcs: Mapping[str, tuple[IPv4Network, ...]]) -> list[str]:
    cidrs = [(subnet, ident) for ident, subnets in vpcs.items() for subnet in sorted(set(subnets))]
    if not cidrs:
        return ["drop"]
    verdicts = ", ".join(f"{subnet} : goto {_name(ident)}" for subnet, ident in sorted(cidrs))
    return [f"ct original ip saddr vmap {{ {verdicts} }}", "drop"]


def _dhcp(guests: list[Guest]) -> list[str]:
    """In its own name alone: the server believes what a message says of its sender, and one that declines an address in
    another guest's name would keep it from that one for ten minutes. (`th,288,48` is DHCP's chaddr.)"""
    macs = sorted({guest.mac for guest in guests})
    return [*(f"ether saddr {mac} @th,288,48 0x{mac.replace(':', '')} accept" for mac in macs), "drop"]


def _limit(pair: PublicAddress) -> list[str]:
    rate = pair.mbit * _BYTES_OF_A_MBIT
    # nft's bucket holds a second's worth and this: with less TCP never comes near the rate.
    burst = max(_LEAST_BURST, rate // 10)
    return _chain(
        f"limit_{_name(str(pair.private))}", [f"limit rate over {rate} bytes/second burst {burst} bytes drop"]
    )


def _limited(limited: list[PublicAddress], *ways_out: str) -> list[str]:
    if not limited:
        return []
    verdicts = ", ".join(f"{pair.private} : jump limit_{_name(str(pair.private))}" for pair in limited)
    return [f"{way} ip saddr vmap {{ {verdicts} }}" for way in ways_out]


# --- security groups


def _groups(groups: Iterable[SecurityGroup], guests: list[Guest]) -> list[str]:
    """Those that a guest has, each direction a chain, and who is in those that a rule names."""
    by_id = {group.id: group for group in sorted(groups, key=lambda group: group.id)}
    used = sorted({ident for guest in guests for ident in guest.group_ids} & set(by_id))
    named = sorted({rule.group_id for ident in used for way in Direction for rule in by_id[ident].rules(way)} - {""})
    lines: list[str] = []
    for ident in named:
        members = (str(guest.address) for guest in guests if ident in guest.group_ids)
        lines += _set(f"in_{_name(ident)}", "ipv4_addr", members)
    for ident in used:
        for way in Direction:
            rules = [line for rule in by_id[ident].rules(way) if (line := _rule(rule, way))]
            lines += _chain(f"{way.value}_{_name(ident)}", rules)
    for combination in sorted({guest.group_ids for guest in guests} - {()}):
        for way in Direction:
            jumps = [f"jump {way.value}_{_name(ident)}" for ident in combination if ident in by_id]
            lines += _chain(_combined(way, combination), [*jumps, "drop"])
    return lines


def _judged(end: str, guests: list[Guest], way: Direction) -> list[str]:
    """By the groups of the guest at this end of the connection. What follows is for everybody else: whoever sends must
    be known, whoever is called may be the lab or the Internet."""
    if not guests:
        return []
    verdicts = ", ".join(
        f"{guest.address} : {'goto ' + _combined(way, guest.group_ids) if guest.group_ids else 'accept'}"
        for guest in guests
    )
    return [f"ct {end} ip saddr vmap {{ {verdicts} }}"]


def _combined(way: Direction, group_ids: tuple[str, ...]) -> str:
    return f"{way.value}_of_{'_'.join(ident.rpartition('-')[2] for ident in group_ids)}"


def _rule(rule: Rule, way: Direction) -> str:
    """Empty for what fits nothing here. The called port is in the connection's words: no translation changes it."""
    if rule.cidr6:
        return ""
    peer, port = ("ct original ip daddr", "ct original proto-dst")
    if way is Direction.INGRESS:
        peer, port = ("ct reply ip daddr", "ct reply proto-src")
    words = []
    if rule.group_id:
        words.append(f"{peer} @in_{_name(rule.group_id)}")
    elif rule.cidr != ANYWHERE:
        words.append(f"{peer} {rule.cidr}")
    if rule.protocol is not Protocol.ALL:
        words.append(f"meta l4proto {_PROTOCOLS[rule.protocol]}")
    if rule.port_ranges:
        words.append(f"{port} {{ {', '.join(_ports(rule))} }}")
    return " ".join([*words, rule.verdict.value.lower()])


def _ports(rule: Rule) -> Iterable[str]:
    """Neighbours as one: nft refuses a set whose parts meet."""
    merged: list[list[int]] = []
    for low, high in sorted(rule.port_ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return (f"{low}-{high}" if low != high else str(low) for low, high in merged)


_PROTOCOLS = {
    Protocol.TCP: "tcp",
    Protocol.UDP: "udp",
    Protocol.ICMP: "icmp",
    Protocol.ICMPV6: "ipv6-icmp",
    Protocol.GRE: "gre",
}


# --- who is who


def _bridge(guests: list[Guest]) -> list[str]:
    """What a guest sends has its own MAC and address, whatever it says; a guest of no address may ask for one."""
    known = [(f'"{guest.tap}" . {guest.mac}', guest.address) for guest in guests]
    return [
        *_set("macs", "iifname . ether saddr", (tap for tap, _ in known), typed="typeof"),
        *_set(
            "addresses",
            "iifname . ether saddr . ip saddr",
            (f"{tap} . {address}" for tap, address in known),
            typed="typeof",
        ),
        *_chain(
            "port",
            [
                "iifname . ether saddr != @macs drop",
                "ether type ip iifname . ether saddr . ip saddr @addresses accept",
                "ip saddr 0.0.0.0 udp dport 67 accept",
                "ether type arp arp saddr ip 0.0.0.0 accept",
                "ether type arp iifname . arp saddr ether . arp saddr ip @addresses accept",
                "drop",
            ],
        ),
        *_hook("prerouting", "filter", "prerouting", "-300", "accept", [f'iifname "{TAPS}" goto port']),
    ]


# --- nft's words


def _name(text: str) -> str:
    return text.replace("-", "_").replace(".", "_")


def _map(pairs: Iterable[tuple[IPv4Address, IPv4Address]]) -> str:
    return ", ".join(f"{key} : {value}" for key, value in pairs)


def _set(name: str, kind: str, elements: Iterable[str], typed: str = "type") -> list[str]:
    listed = sorted(set(elements))
    inside = [f"  elements = {{ {', '.join(listed)} }}"] if listed else []
    return [f"set {name} {{", f"  {typed} {kind}", *inside, "}"]


def _chain(name: str, rules: Iterable[str]) -> list[str]:
    return [f"chain {name} {{", *(f"  {rule}" for rule in rules), "}"]


def _hook(name: str, kind: str, hook: str, priority: str, policy: str, rules: Iterable[str]) -> list[str]:
    return _chain(name, [f"type {kind} hook {hook} priority {priority}; policy {policy};", *rules])
