"""What passes between real guests: every probe ends as the model of their security groups says."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest

from vmsim.host import ssh
from vmsim.model.errors import VmsimError
from vmsim.model.security_group import Protocol, SecurityGroup
from vmsim.store import security_groups
from vmsim.store.database import Store

from .expectation import End, passes
from .homes import NANO, RunningHome, View, until
from .in_lab.machines import PROBE

pytestmark = pytest.mark.guest

ZONE = "ap-guangzhou-1"
OPEN = {"Protocol": "ALL", "Port": "ALL", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}
WEB_PORTS = (80, 8080)
SERVE = "mkdir -p /tmp/www && echo yes >/tmp/www/index.html && for p in 80 8080; do httpd -p $p -h /tmp/www; done"


@dataclass(frozen=True)
class World:
    """Four guests in two VPCs: a and b of one subnet, c of another one of the same VPC, d of the other VPC. a has an
    ordinary public address, c and d an EIP, b none."""

    cloud: RunningHome
    ids: dict[str, str]
    group_id: str
    open_id: str
    key: str

    def inside(self, name: str, line: str) -> str:
        return self.cloud.inside(self.ids[name], line, key=self.key)

    def ends(self) -> dict[str, End]:
        """As the home's own records say."""
        store = Store(self.cloud.home.database)
        try:
            with store.reading() as connection:
                groups = {group.id: group for group in security_groups.where(connection)}
        finally:
            store.close()
        return {name: self._end(name, self.cloud.instance(ident), groups) for name, ident in self.ids.items()}

    def _end(self, name: str, instance: View, groups: dict[str, SecurityGroup]) -> End:
        held = self.cloud.described(instance["id"])
        public = held["PublicIpAddresses"]
        return End(
            name,
            IPv4Address(held["PrivateIpAddresses"][0]),
            held["VirtualPrivateCloud"]["VpcId"],
            tuple(groups[ident] for ident in held["SecurityGroupIds"]),
            IPv4Address(public[0]) if public else None,
        )

    def rules(self, ingress: Sequence[View], egress: Sequence[View]) -> None:
        """The group of all of them has exactly these."""
        # ModifySecurityGroupPolicies takes the directions that are given; a closed one is a rule that drops all.
        closed = [{**OPEN, "Action": "DROP"}]
        policies = {"Ingress": list(ingress) or closed, "Egress": list(egress) or closed}
        self.cloud.api("ModifySecurityGroupPolicies", SecurityGroupId=self.group_id, SecurityGroupPolicySet=policies)

    def groups_of(self, name: str, *group_ids: str) -> None:
        self.cloud.api("ModifyInstancesAttribute", InstanceIds=[self.ids[name]], SecurityGroups=list(group_ids))


@pytest.fixture(scope="module")
def world(cloud: RunningHome) -> World:
    places = []
    for vpc_cidr, subnets in (("10.10.0.0/16", ("10.10.1.0/24", "10.10.2.0/24")), ("10.20.0.0/16", ("10.20.1.0/24",))):
        vpc = cloud.api("CreateVpc", VpcName="v", CidrBlock=vpc_cidr)["Vpc"]["VpcId"]
        for cidr in subnets:
            made = cloud.api("CreateSubnet", VpcId=vpc, SubnetName="s", CidrBlock=cidr, Zone=ZONE)
            places.append({"VpcId": vpc, "SubnetId": made["Subnet"]["SubnetId"]})
    group, opened = (
        cloud.api("CreateSecurityGroup", GroupName=name, GroupDescription=name)["SecurityGroup"]["SecurityGroupId"]
        for name in ("tried", "open")
    )
    for way in ("Ingress", "Egress"):
        cloud.api("CreateSecurityGroupPolicies", SecurityGroupId=opened, SecurityGroupPolicySet={way: [OPEN]})
    own = ssh.generate_key()
    key = cloud.api("ImportKeyPair", KeyName="flows", ProjectId=0, PublicKey=own.public)["KeyId"]
    ids = {}
    for name, place, bandwidth in (("a", 0, 100), ("b", 0, 0), ("c", 1, 0), ("d", 2, 0)):
        (ids[name],) = cloud.api(
            "RunInstances",
            Placement={"Zone": ZONE},
            ImageId=cloud.api("DescribeImages")["ImageSet"][0]["ImageId"],
            InstanceType=NANO,
            InstanceName=name,
            VirtualPrivateCloud=places[place],
            InternetAccessible={"InternetMaxBandwidthOut": bandwidth},
            LoginSettings={"KeyIds": [key]},
            SecurityGroupIds=[opened],
        )["InstanceIdSet"]
    for ident in ids.values():
        assert cloud.settled(cloud.operations(ident)[0])["state"] == "SUCCESS"
    for name in ("c", "d"):
        eip = cloud.api("AllocateAddresses", InternetMaxBandwidthOut=100)["AddressSet"][0]
        reach_status(cloud, eip, "UNBIND")
        cloud.api("AssociateAddress", AddressId=eip, InstanceId=ids[name])
        reach_status(cloud, eip, "BIND")
    for ident in ids.values():
        cloud.wait_up(ident)
        cloud.inside(ident, SERVE, key=own.private)
    return World(cloud, ids, group, opened, own.private)


def reach_status(cloud: RunningHome, eip: str, wanted: str) -> None:
    until(lambda: status(cloud, eip) == wanted)


def status(cloud: RunningHome, eip: str) -> str:
    return str(cloud.api("DescribeAddresses", AddressIds=[eip])["AddressSet"][0]["AddressStatus"])


Question = tuple[End, bool, Protocol, int | None]


def questions(ends: dict[str, End], caller: End | None) -> list[Question]:
    return [
        (called, by_public, protocol, port)
        for called in ends.values()
        for by_public in (False, True)
        if called is not caller and (not by_public or called.public)
        for protocol, port in (*((Protocol.TCP, port) for port in WEB_PORTS), (Protocol.ICMP, None))
    ]


def address_of(question: Question) -> IPv4Address | None:
    called, by_public, _, _ = question
    return called.public if by_public else called.address


def line(question: Question, number: int) -> str:
    _, _, protocol, port = question
    address = address_of(question)
    if protocol is Protocol.ICMP:
        return f"(ping -c 1 -W 2 {address} >/dev/null 2>&1 && echo {number}) &"
    # busybox's wget and curl both know this form; nc differs from one to the next.
    return (
        f"(timeout 3 sh -c 'exec wget -q -O - http://{address}:{port}/' 2>/dev/null | grep -q yes && echo {number}) &"
    )


def outcomes(world: World, caller: End | None, asked: Sequence[Question]) -> set[int]:
    """The numbers of those that were answered, all asked at once."""
    by_shell = [number for number, question in enumerate(asked) if caller or question[2] is Protocol.TCP]
    script = "\n".join([*(line(asked[number], number) for number in by_shell), "wait"])
    if caller is not None:
        return {int(word) for word in world.inside(caller.name, script).split()}
    said = world.cloud.in_lab("bash", "-c", script, check=False)
    pings = [number for number in range(len(asked)) if number not in by_shell]  # not every machine has a ping
    probes = [("ICMP", str(address_of(asked[number])), 0) for number in pings]
    heard = json.loads(world.cloud.in_lab(sys.executable, "-c", PROBE, json.dumps(probes), "1"))
    return {int(word) for word in said.split()} | {number for number, one in zip(pings, heard, strict=True) if one}


def disagreements(world: World) -> list[str]:
    ends = world.ends()

    def ask(caller: End | None) -> list[str]:
        asked = questions(ends, caller)
        answered = outcomes(world, caller, asked)
        found = []
        for number, (called, by_public, protocol, port) in enumerate(asked):
            wanted = passes(list(ends.values()), caller, called, by_public=by_public, protocol=protocol, port=port)
            if wanted is not (number in answered):
                way = called.public if by_public else called.address
                name = caller.name if caller else "lab"
                found.append(
                    f"{name} → {called.name} {way} {protocol.value} {port}: should {'' if wanted else 'not '}pass"
                )
        return found

    with ThreadPoolExecutor() as pool:
        return [one for found in pool.map(ask, (None, *ends.values())) for one in found]


def rule(protocol: str, port: str, action: str = "ACCEPT", **peer: str) -> View:
    return {"Protocol": protocol, "Port": port, "Action": action, **(peer or {"CidrBlock": "0.0.0.0/0"})}


def test_everything_open(world: World) -> None:
    assert disagreements(world) == []


def test_rules_of_every_kind(world: World) -> None:
    """By protocol, port, order, address as it is seen, and group; in both directions."""
    cases: list[tuple[list[View], list[View]]] = [
        ([rule("TCP", "80")], [OPEN]),
        ([OPEN], [rule("ICMP", "ALL"), rule("TCP", "8080", CidrBlock="10.10.0.0/16")]),
        ([rule("TCP", "80", "DROP", CidrBlock="203.0.113.0/24"), OPEN], [OPEN]),
        ([rule("ALL", "ALL", SecurityGroupId=world.group_id)], [OPEN]),
        ([], []),
    ]
    for name in world.ids:
        world.groups_of(name, world.group_id)
    try:
        for ingress, egress in cases:
            world.rules(ingress, egress)
            assert disagreements(world) == [], (ingress, egress)
        world.groups_of("b", world.group_id, world.open_id)
        world.rules([rule("TCP", "8080", "DROP")], [OPEN])
        assert disagreements(world) == []
    finally:
        for name in world.ids:
            world.groups_of(name, world.open_id)


@dataclass(frozen=True)
class Stream:
    """Data that runs from one guest to another for as long as it may."""

    session: ssh.Session
    file: str

    def bytes(self) -> int:
        return int(self.session.run(f"stat -c %s {self.file}").stdout or 0)


def listening(session: ssh.Session, port: int) -> None:
    until(lambda: f":{port:04X} " in session.run("cat /proc/net/tcp*").stdout)


def goes_on(stream: Stream, heard: int) -> None:
    until(lambda: stream.bytes() > heard)


@pytest.fixture
def streams(world: World) -> Iterator[list[Stream]]:
    """Eight connections, by private and by public address, inside one subnet and between two."""
    ends = world.ends()
    with ExitStack() as stack:
        sessions = {
            name: stack.enter_context(world.cloud.shell(ident, key=world.key)) for name, ident in world.ids.items()
        }
        made = []
        pairs = [("a", "b", False), ("b", "a", False), ("a", "c", False), ("c", "b", False)]
        pairs += [("a", "c", True), ("c", "d", True), ("d", "a", True), ("a", "d", True)]
        for number, (caller, called, by_public) in enumerate(pairs):
            end = ends[called]
            port, file = 9000 + number, f"/tmp/heard-{number}"
            send = "while usleep 20000; do echo -n xxxxxxxxxxxxxxxx; done"
            sessions[called].run(f"(sleep 3600 | nc -l -p {port} >{file}) >/dev/null 2>&1 </dev/null &")
            listening(sessions[called], port)
            address = end.public if by_public else end.address
            sessions[caller].run(f"({send} | nc {address} {port}) >/dev/null 2>&1 </dev/null &")
            made.append(Stream(sessions[called], file))
        yield made
        for session in sessions.values():
            session.run("killall nc sleep usleep 2>/dev/null; true")


def test_fifty_changes_break_no_allowed_connection_and_pass_no_forbidden_one(
    world: World, streams: list[Stream]
) -> None:
    chance = random.Random(4)
    for name in world.ids:
        world.groups_of(name, world.group_id)
    try:
        world.rules([OPEN], [OPEN])
        for number in range(50):
            steady = [rule("TCP", "9000-9007"), rule("TCP", "22")]
            noise = [rule("UDP", str(1000 + chance.randint(0, 1000) * 60 + one), "DROP") for one in range(number % 20)]
            web = [rule("TCP", "80")] if number % 2 else []
            world.rules([*noise, *steady, *web], [OPEN])
            if number % 10 == 9 or number % 10 == 0:
                ends = world.ends()
                asked = [(ends["b"], False, Protocol.TCP, 80)]
                assert outcomes(world, ends["a"], asked) == ({0} if number % 2 else set()), number
                before = [stream.bytes() for stream in streams]
                for stream, heard in zip(streams, before, strict=True):
                    goes_on(stream, heard)
        # What is forbidden ends, also when it was there before.
        world.rules([rule("TCP", "22")], [OPEN])
        before = [stream.bytes() for stream in streams]
        after = [stream.bytes() for stream in streams]
        settled = [late - early for early, late in zip(before, after, strict=True)]
        assert sum(settled) <= 16 * len(streams), settled
    finally:
        for name in world.ids:
            world.groups_of(name, world.open_id)


def test_after_daemon_and_libvirtd_were_killed_everything_is_as_it_was(world: World) -> None:
    for name in world.ids:
        world.groups_of(name, world.group_id)
    world.rules([rule("TCP", "80"), rule("TCP", "22")], [OPEN])
    try:
        leases = leased(world)
        for child in ("daemon", "libvirtd"):
            os.kill(world.cloud.lab.pid_of(child), signal.SIGKILL)
            world.cloud.in_lab("nft", "flush", "ruleset")
            until(lambda: "tap-" in world.cloud.in_lab("nft", "list", "ruleset", check=False))
            back(world, child)
            assert disagreements(world) == [], child
            assert leased(world) == leases
    finally:
        for name in world.ids:
            world.groups_of(name, world.open_id)


def back(world: World, child: str) -> None:
    until(lambda: world.cloud.lab.pid_of(child))


def leased(world: World) -> dict[str, set[str]]:
    """The static leases that libvirt has for each of their subnets."""
    subnets = {world.cloud.instance(ident)["subnet_id"] for ident in world.ids.values()}
    shown = {subnet: world.cloud.virsh("net-dumpxml", subnet) for subnet in subnets}
    return {subnet: {one.strip() for one in xml.splitlines() if "<host mac" in one} for subnet, xml in shown.items()}


def test_a_guest_that_takes_anothers_address_or_mac_reaches_nobody(world: World) -> None:
    ends = world.ends()
    a, b, c = (ends[name] for name in "abc")
    asked: list[Question] = [(c, False, Protocol.TCP, 80), (c, False, Protocol.ICMP, None)]
    assert outcomes(world, a, asked) == {0, 1}
    check = " ".join(line(question, number) for number, question in enumerate(asked))
    own, taken = (world.cloud.instance(world.ids[name])["mac"] for name in "ab")
    script = f"""
mac() {{ ip link set eth0 down; ip link set eth0 address $1; ip link set eth0 up; }}
take() {{ ip addr flush dev eth0; ip addr add $1/24 dev eth0; ip route add default via 10.10.1.1; }}
take {b.address}
({check} wait) >/tmp/answers
mac {taken}
take {b.address}
({check} wait) >>/tmp/answers
mac {own}
take {a.address}
mv /tmp/answers /tmp/spoofed
"""
    # It loses its own address, and with it the session: what it does is done without one.
    world.inside("a", f"cat >/tmp/spoof <<'END'\n{script}\nEND\nsetsid sh /tmp/spoof >/dev/null 2>&1 </dev/null &")
    until(lambda: over(world))
    assert world.inside("a", "cat /tmp/spoofed") == ""
    assert outcomes(world, c, [(b, False, Protocol.TCP, 80)]) == {0}, "what is b's stayed b's"


def over(world: World) -> bool:
    try:
        return "spoofed" in world.inside("a", "ls /tmp")
    except VmsimError:
        return False
