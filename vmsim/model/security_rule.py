"""The words of one rule as a client writes them, made the values that are kept.

Clients write protocols, ports and verdicts in either case; what is kept, compared and shown is one form: upper case,
networks without the bits of a host. An address of its own is shown with the whole length of its prefix where it was
given with it, and else without.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise

from vmsim.model.errors import Missing, UsageError
from vmsim.model.security_group import ALL_PORTS, ANYWHERE, Protocol, Verdict

LAST_PORT = 65535
MOST_PORTS = 20
"""Ports and ranges of one rule, as many as the cloud's templates of them hold: a hundred rules of thousands each are
more than the host's filters can be made of in time."""
_MALFORMED = "InvalidParameterValue.Malformed"
_PORT = r"[0-9]{1,5}"
_PORTS = re.compile(rf"{_PORT}(-{_PORT})?(,{_PORT}(-{_PORT})?)*")
_CIDR = re.compile(r"[0-9.]{7,15}(/[0-9]{1,2})?")
_CIDR6 = re.compile(r"[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?")


def protocol(text: str) -> Protocol:
    """ALL where none is named: so the Terraform provider means it."""
    if not text:
        return Protocol.ALL
    try:
        return Protocol(text.upper())
    except ValueError as error:
        known = ", ".join(one.value for one in Protocol)
        raise UsageError(f"Protocol is {text!r}; it must be one of {known}.", code="InvalidParameterValue") from error


def verdict(text: str) -> Verdict:
    if not text:
        raise Missing("A rule needs its Action.", code="MissingParameter")
    try:
        return Verdict(text.upper())
    except ValueError as error:
        raise UsageError(f"Action is {text!r}; it is ACCEPT or DROP.", code="InvalidParameterValue") from error


def ports(text: str, of: Protocol) -> str:
    """ALL where none are named. No port comes twice, so that a set can be made of them."""
    wanted = text.upper()
    if wanted in ("", ALL_PORTS):
        return ALL_PORTS
    if not of.has_ports:
        raise UsageError(f"Port is {text!r}; only TCP and UDP have ports.", code="InvalidParameterValue")
    if not _PORTS.fullmatch(wanted):
        raise UsageError(f"Port is {text!r}; it looks like 80, 80,443, 8000-8010 or ALL.", code=_MALFORMED)
    if wanted.count(",") >= MOST_PORTS:
        raise UsageError(
            f"Port has {wanted.count(',') + 1} ports and ranges; a rule has at most {MOST_PORTS}.",
            code="InvalidParameterValue.LimitExceeded",
        )
    ranges = sorted((int(each[0]), int(each[-1])) for each in (part.split("-") for part in wanted.split(",")))
    if any(not 1 <= low <= high <= LAST_PORT for low, high in ranges):
        raise UsageError(f"Port is {text!r}; ports are 1 to {LAST_PORT}, the lower first.", code=_MALFORMED)
    if any(after[0] <= before[1] for before, after in pairwise(ranges)):
        raise UsageError(f"Port is {text!r}; a port is in it twice.", code="InvalidParameterValue")
    return ",".join(_without_zeros(part) for part in wanted.split(","))


def _without_zeros(part: str) -> str:
    return "-".join(str(int(number)) for number in part.split("-"))


def cidr(text: str) -> IPv4Network:
    """Of no bits at all where it begins at 0.0.0.0, as the cloud keeps it."""
    try:
        found = IPv4Network(_matching(_CIDR, text), strict=False)
    except ValueError as error:
        raise UsageError(f"CidrBlock is {text!r}; it looks like 10.0.0.0/8 or 10.1.2.3.", code=_MALFORMED) from error
    return ANYWHERE if found.network_address == ANYWHERE.network_address else found


def bare(text: str) -> bool:
    """Is it a single address, without a prefix? Asked of what `cidr` has read."""
    return "/" not in text and cidr(text) != ANYWHERE


def cidr6(text: str, of: Protocol) -> str:
    if of is Protocol.ICMP:
        raise UsageError("ICMP has no Ipv6CidrBlock; there is ICMPV6.", code="InvalidParameter.Coexist")
    try:
        found = IPv6Network(_matching(_CIDR6, text), strict=False)
        return str(found if "/" in text else found.network_address)
    except ValueError as error:
        raise UsageError(f"Ipv6CidrBlock is {text!r}; it looks like fd00::/8.", code=_MALFORMED) from error


def _matching(form: re.Pattern[str], text: str) -> str:
    """Python's own reading is wider: netmasks and zones of an interface are no CIDR of the cloud's."""
    if not form.fullmatch(text):
        raise ValueError(text)
    return text
