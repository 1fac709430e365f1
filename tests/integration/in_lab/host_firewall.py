"""What passes in a lab: every machine asks every other one, and the answer must be what the model says."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from ipaddress import IPv4Address, IPv4Network

import pytest

from vmsim.host import command
from vmsim.host.connection import Connection
from vmsim.host.firewall import Firewall
from vmsim.host.network import Networks
from vmsim.host.network_xml import NetworkSpec
from vmsim.host.ruleset import CALLER, Guest, PublicAddress, Situation
from vmsim.model.security_group import ANYWHERE, Direction, Protocol, Rule, SecurityGroup, Verdict

from ..expectation import End, passes
from .machines import TCP_PORTS, UDP_PORT, Machine, Probe, answered, dhcp, inside, running, seen_as

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
OPEN = Rule(Protocol.ALL, Verdict.ACCEPT, cidr=ANYWHERE)


def network(number: int) -> NetworkSpec:
    return NetworkSpec(f"subnet-0000000{number}", f"vmsim{number}", IPv4Address(f"10.{number}.0.1"), 24, isolated=True)


NETWORKS = {number: network(number) for number in (1, 2, 3)}
VPCS = {
    "vpc-00000001": (IPv4Network("10.1.0.0/24"), IPv4Network("10.2.0.0/24")),
    "vpc-00000002": (IPv4Network("10.3.0.0/24"),),
}


def machine(name: str, subnet: int, host: int) -> Machine:
    return Machine(name, NETWORKS[subnet], IPv4Address(f"10.{subnet}.0.{host}"), f"52:54:00:0{subnet}:00:{host:02x}")


A, B, C, D = machine("a", 1, 2), machine("b", 1, 3), machine("c", 2, 2), machine("d", 3, 2)
MACHINES = (A, B, C, D)
PUBLIC = {A: IPv4Address("203.0.113.5"), C: IPv4Address("203.0.113.6"), D: IPv4Address("203.0.113.7")}


@pytest.fixture(scope="module")
def firewall(connection: Connection) -> Iterator[Firewall]:
    networks, made = Networks(connection), Firewall()
    with ExitStack() as stack:
        for spec in NETWORKS.values():
            networks.ensure(spec)
            stack.callback(networks.remove, spec.name)
        for each in MACHINES:
            stack.enter_context(running(each))
        stack.callback(made.apply, Situation)
        yield made


def group(ident: str, ingress: Sequence[Rule] = (), egress: Sequence[Rule] = (OPEN,)) -> SecurityGroup:
    return SecurityGroup(ident, "r", ident, "", 0, False, NOW, NOW, 0, tuple(ingress), tuple(egress))


EVERYTHING = group("sg-0000open", [OPEN])


@dataclass(frozen=True)
class Setting:
    """Who has which groups and which public address; `mbit` is what each of those may send."""

    groups: dict[Machine, tuple[SecurityGroup, ...]]
    public: dict[Machine, IPv4Address]
    mbit: int = 0

    def situation(self) -> Situation:
        return Situation(
            public=tuple(PublicAddress(public, each.address, self.mbit) for each, public in self.public.items()),
            guests=tuple(
                Guest(each.tap, each.mac, each.address, tuple(group.id for group in self.groups[each]))
                for each in MACHINES
            ),
            groups=tuple({group.id: group for groups in self.groups.values() for group in groups}.values()),
            vpcs=VPCS,
        )

    def end(self, each: Machine) -> End:
        return End(each.name, each.address, vpc_of(each), self.groups[each], self.public.get(each))


def all_open(**changes: tuple[SecurityGroup, ...]) -> Setting:
    return Setting({each: changes.get(each.name, (EVERYTHING,)) for each in MACHINES}, PUBLIC)


def vpc_of(one: Machine) -> str:
    return next(ident for ident, subnets in VPCS.items() if any(one.address in subnet for subnet in subnets))


def expected(setting: Setting, caller: Machine | None, called: Machine, by_public: bool, probe: Probe) -> bool:
    protocol, _, port = probe
    return passes(
        [setting.end(each) for each in MACHINES],
        setting.end(caller) if caller else None,
        setting.end(called),
        by_public=by_public,
        protocol=Protocol(protocol),
        port=port or None,
    )


def disagreements(firewall: Firewall, setting: Setting) -> list[str]:
    """Every probe whose outcome is not what the model says."""
    firewall.apply(setting.situation)

    def ask(caller: Machine | None) -> list[str]:
        questions = [
            (called, by_public, (protocol, str(setting.public[called] if by_public else called.address), port))
            for called in MACHINES
            for by_public in (False, True)
            if called is not caller or by_public
            if not by_public or called in setting.public
            for protocol, port in (*(("TCP", port) for port in TCP_PORTS), ("UDP", UDP_PORT), ("ICMP", 0))
        ]
        outcomes = answered(caller, [probe for _, _, probe in questions])
        return [
            f"{caller.name if caller else 'lab'} → {called.name} {probe}: {'passed' if outcome else 'did not pass'}"
            for (called, by_public, probe), outcome in zip(questions, outcomes, strict=True)
            if outcome is not expected(setting, caller, called, by_public, probe)
        ]

    with ThreadPoolExecutor() as pool:
        return [line for lines in pool.map(ask, (None, *MACHINES)) for line in lines]


def any_rule(chance: random.Random) -> Rule:
    protocol = chance.choice([Protocol.TCP, Protocol.TCP, Protocol.UDP, Protocol.ICMP, Protocol.ALL, Protocol.GRE])
    ports = chance.choice(["ALL", "7", "8", "1-7", "7,9", "8-65535"]) if protocol.has_ports else "ALL"
    peers = [
        "0.0.0.0/0",
        "10.1.0.0/24",
        "10.1.0.3/32",
        "10.2.0.0/16",
        "203.0.113.0/24",
        "203.0.113.6/32",
        f"{CALLER}/32",
    ]
    named = chance.choice(["", "", "sg-00000000", "sg-00000001", "sg-00000002"])
    return Rule(
        protocol,
        chance.choice([Verdict.ACCEPT, Verdict.ACCEPT, Verdict.DROP]),
        ports,
        None if named else IPv4Network(chance.choice(peers)),
        group_id=named,
    )


@pytest.mark.parametrize("seed", range(8))
def test_every_probe_ends_as_the_model_says(firewall: Firewall, seed: int) -> None:
    chance = random.Random(seed)
    groups = [
        group(f"sg-0000000{number}", *([any_rule(chance) for _ in range(5)] for _ in Direction)) for number in range(3)
    ]
    setting = Setting(
        {each: tuple(chance.sample([*groups, EVERYTHING], chance.randint(1, 3))) for each in MACHINES},
        {each: address for each, address in PUBLIC.items() if chance.random() < 0.8},
    )
    assert disagreements(firewall, setting) == []


def test_everything_open_and_everything_closed(firewall: Firewall) -> None:
    assert disagreements(firewall, all_open()) == []
    closed = (group("sg-0closed", [], []),)
    assert disagreements(firewall, Setting(dict.fromkeys(MACHINES, closed), PUBLIC)) == []


def test_who_is_seen(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    assert seen_as(B.address, by=A) == str(A.address)
    assert seen_as(PUBLIC[C], by=A) == str(PUBLIC[A])
    assert seen_as(PUBLIC[A], by=A) == str(PUBLIC[A]), "a guest may call itself"
    assert seen_as(PUBLIC[A]) == str(CALLER)
    assert seen_as(PUBLIC[A], by=B) == "timed out", "it has no public address: nothing of the Internet is for it"
    assert "unreachable" in seen_as(IPv4Address("203.0.113.99"))


def test_an_address_that_moves_takes_no_old_connection_along(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    with Talk(C, PUBLIC[A]) as conversation:
        assert conversation.hears()
        moved = {**PUBLIC, B: PUBLIC[A]}
        del moved[A]
        firewall.apply(Setting(all_open().groups, moved).situation)
        assert not conversation.hears()
    assert seen_as(PUBLIC[A], by=C) == str(PUBLIC[C])
    assert "unreachable" not in seen_as(PUBLIC[A])


TALK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as connection:
    file = connection.makefile("rwb", buffering=0)
    file.readline()
    for line in sys.stdin:
        connection.settimeout(float(line))
        try:
            connection.sendall(b"x\\n")
            print("yes" if connection.recv(10) else "closed", flush=True)
        except OSError as error:
            print("no", flush=True)
"""


class Talk:
    """A connection that stays: does what one side says still come back?"""

    def __init__(self, by: Machine | None, address: IPv4Address, port: int = 7) -> None:
        self._argv = inside(by, sys.executable, "-c", TALK, str(address), str(port))

    def __enter__(self) -> Talk:
        self._process = command.start(self._argv, stdin=-1, stdout=-1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def hears(self, limit: float = 1.5) -> bool:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{limit}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline() == b"yes\n"


def test_fifty_changes_break_nothing_that_is_allowed_and_pass_nothing_that_is_not(firewall: Firewall) -> None:
    """Eight connections talk all the while; each change lets some go on and ends the others."""
    chance = random.Random(50)
    firewall.apply(all_open().situation)
    callers = [(A, B.address), (B, A.address), (C, A.address), (A, C.address)]
    callers += [(A, PUBLIC[C]), (C, PUBLIC[D]), (D, PUBLIC[A]), (A, PUBLIC[D])]
    steady = Rule(Protocol.TCP, Verdict.ACCEPT, "7", ANYWHERE)
    with ExitStack() as stack:
        kept = [stack.enter_context(Talk(caller, address, 7)) for caller, address in callers]
        for number in range(50):
            # Port 7 is always allowed, by a rule of whatever shape; port 8 only in every second ruleset.
            noise = [Rule(Protocol.UDP, Verdict.DROP, str(chance.randint(1, 60000)), ANYWHERE) for _ in range(number)]
            fits = steady if chance.random() < 0.5 else Rule(Protocol.TCP, Verdict.ACCEPT, "1-7", ANYWHERE)
            eight = [Rule(Protocol.TCP, Verdict.ACCEPT, "8", ANYWHERE)] if number % 2 else []
            changed = (group("sg-0changed", [*noise, *eight, fits]),)
            firewall.apply(Setting(dict.fromkeys(MACHINES, changed), PUBLIC).situation)
            with ThreadPoolExecutor(len(kept)) as pool:
                assert all(pool.map(Talk.hears, kept)), f"change {number}"
            if number % 10 < 2:
                called = {A: B.address, C: PUBLIC[D], D: PUBLIC[A]}
                outcomes = [answered(by, [("TCP", str(at), 8)])[0] for by, at in called.items()]
                assert outcomes == [bool(number % 2)] * 3, f"change {number}"


def test_a_connection_that_is_not_allowed_any_more_ends(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    with Talk(A, B.address) as private, Talk(None, PUBLIC[A]) as public, Talk(None, B.address) as own:
        assert private.hears() and public.hears() and own.hears()
        firewall.apply(
            all_open(a=(group("sg-00000shut", [], [OPEN]),), b=(group("sg-00000shut", [], [OPEN]),)).situation
        )
        assert not private.hears()
        assert not public.hears()
        assert own.hears(), "the lab's own way in is not the rules' business"


def readdress(one: Machine, address: IPv4Address) -> None:
    for line in (
        "address flush dev eth0",
        f"address add {address}/24 dev eth0",
        f"route add default via {one.network.gateway}",
    ):
        command.run(inside(one, "ip", *line.split()))


def test_a_machine_that_says_it_is_another_one_reaches_nobody(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    assert answered(A, [("TCP", str(B.address), 7), ("UDP", str(C.address), 7)]) == [True, True]
    try:
        readdress(A, B.address)
        everywhere: list[Probe] = [("TCP", str(each), 7) for each in (C.address, PUBLIC[C], A.network.gateway)]
        everywhere += [("ICMP", str(each), 0) for each in (C.address, A.network.gateway)]
        assert answered(A, everywhere) == [False] * 5
        # Its MAC too: now all that tells them apart is the port it comes in by.
        command.run(inside(A, "ip", "link", "set", "eth0", "address", B.mac))
        assert answered(A, everywhere) == [False] * 5
        assert answered(C, [("TCP", str(B.address), 7)]) == [True], "and the other one keeps what is its own"
    finally:
        command.run(inside(A, "ip", "link", "set", "eth0", "address", A.mac))
        readdress(A, A.address)
    assert answered(A, [("TCP", str(B.address), 7)]) == [True]


def test_the_lab_itself_answers_little(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    serving = command.start([sys.executable, "-m", "http.server", "-b", "0.0.0.0", "8999"], stdout=-3, stderr=-3)
    try:
        deadline = time.monotonic() + 10
        while not answered(None, [("TCP", "127.0.0.1", 8999)])[0] and time.monotonic() < deadline:
            pass
        gateway, other = str(A.network.gateway), str(D.network.gateway)
        assert answered(A, [("TCP", gateway, 8999), ("ICMP", gateway, 0), ("ICMP", other, 0)]) == [False, True, False]
        names = [*inside(A, "timeout", "3"), sys.executable, "-c"]
        ask = "import socket; s = socket.create_connection(('%s', 53), 2)"
        assert command.run([*names, ask % gateway], check=False).returncode == 0
        assert command.run([*names, ask % other], check=False).returncode != 0
    finally:
        serving.kill()
        serving.communicate()


POUR = """
import socket, sys, threading, time
with socket.create_connection((sys.argv[1], 8), timeout=10) as connection:
    def pour():
        while True:
            connection.sendall(b"x" * 65536)
    connection.makefile("rb", buffering=0).readline()
    threading.Thread(target=pour, daemon=True).start()
    begun, heard = time.monotonic(), 0
    while (took := time.monotonic() - begun - 2) < 3:  # the first second's worth may come in one go
        received = len(connection.recv(1 << 20))
        heard += received if took > 0 else 0
    print(heard * 8 / took / 1e6, flush=True)
    import os
    os._exit(0)
"""


def test_what_leaves_by_a_public_address_is_no_faster_than_was_bought(firewall: Firewall) -> None:
    """And not much slower; what stays inside a VPC is not held up. (Everything comes back: what came back was sent.)"""

    def mbits(called: IPv4Address) -> float:
        return float(command.run(inside(A, sys.executable, "-c", POUR, str(called)), timeout=30).stdout)

    firewall.apply(Setting(all_open().groups, PUBLIC, mbit=20).situation)
    assert 10 < mbits(PUBLIC[C]) <= 22
    assert mbits(C.address) > 60


def test_somebody_elses_changes_are_put_right(firewall: Firewall) -> None:
    firewall.apply(all_open().situation)
    for change in (["flush", "table", "inet", "vmsim"], ["delete", "table", "bridge", "vmsim"], ["flush", "ruleset"]):
        command.run(["nft", *change])
        firewall.apply(all_open().situation)
        assert seen_as(PUBLIC[A], by=C) == str(PUBLIC[C])
        assert "tap-a" in command.run(["nft", "list", "table", "bridge", "vmsim"]).stdout


def test_addresses_that_are_not_ours_stay(firewall: Firewall) -> None:
    command.run(["ip", "address", "add", "198.51.100.77/32", "dev", "lo"])
    firewall.apply(all_open().situation)
    firewall.apply(Situation)
    said = command.run(["ip", "address", "show", "dev", "lo"]).stdout
    assert "198.51.100.77" in said and "127.0.0.1" in said and str(PUBLIC[A]) not in said
    command.run(["ip", "address", "del", "198.51.100.77/32", "dev", "lo"])


def test_a_wanted_address_that_somebody_put_there_becomes_ours(firewall: Firewall) -> None:
    """It kept every later change from being made."""
    firewall.apply(Situation)
    command.run(["ip", "address", "add", f"{PUBLIC[A]}/32", "dev", "lo"])
    firewall.apply(all_open().situation)
    assert seen_as(PUBLIC[A], by=C) == str(PUBLIC[C])
    firewall.apply(Situation)
    assert str(PUBLIC[A]) not in command.run(["ip", "address", "show", "dev", "lo"]).stdout


def test_nobody_declines_an_address_in_anothers_name(firewall: Firewall, connection: Connection) -> None:
    """The server would not give it to the other one for ten minutes."""
    firewall.apply(all_open().situation)
    Networks(connection).add_host(B.network.name, B.mac, B.address, "")
    assert dhcp(B, "discover", B) == str(B.address)
    dhcp(A, "decline", B)
    assert dhcp(B, "discover", B) == str(B.address)
