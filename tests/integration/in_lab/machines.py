"""Network namespaces in the guests' place: cheap enough to ask each of them about every other one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

from vmsim.host import command
from vmsim.host.network_xml import NetworkSpec
from vmsim.model.errors import CommandFailed

TCP_PORTS, UDP_PORT = (7, 8), 7

SERVE = """
import asyncio, sys
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, data, peer):
        self.transport.sendto(data, peer)
async def told(reader, writer):
    writer.write(writer.get_extra_info("peername")[0].encode() + b"\\n")
    while data := await reader.read(65536):  # and then everything back
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    for port in sys.argv[2:]:
        await asyncio.start_server(told, "0.0.0.0", int(port))
    await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("0.0.0.0", int(sys.argv[1])))
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
CALL = """
import socket, sys
with socket.create_connection((sys.argv[1], 7), timeout=2) as connection:
    print(connection.makefile().readline().strip())
"""
PROBE = """
import asyncio, json, socket, struct, sys
LIMIT = float(sys.argv[2])
class Heard(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()
    def datagram_received(self, data, peer):
        self.answer.done() or self.answer.set_result(True)
    def error_received(self, error):
        self.answer.done() or self.answer.set_result(False)
async def tcp(address, port):
    reader, writer = await asyncio.open_connection(address, port)
    heard = await reader.readline()
    writer.close()
    return bool(heard)
async def udp(address, port):
    loop = asyncio.get_running_loop()
    transport, heard = await loop.create_datagram_endpoint(Heard, remote_addr=(address, port))
    transport.sendto(b"x")
    return await heard.answer
async def icmp(address, number):
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setblocking(False)
        ident = id(raw) >> 4 & 0xFFFF
        head = struct.pack("!BBHHH", 8, 0, 0, ident, 1)
        total = sum(struct.unpack("!4H", head))
        head = struct.pack("!BBHHH", 8, 0, ~(total + (total >> 16)) & 0xFFFF, ident, 1)
        raw.connect((address, 0))
        await loop.sock_sendall(raw, head)
        while True:
            packet = await loop.sock_recv(raw, 1000)
            if packet[20] == 0 and struct.unpack_from("!H", packet, 24)[0] == ident:
                return True
async def one(kind, address, port):
    try:
        return await asyncio.wait_for({"TCP": tcp, "UDP": udp, "ICMP": icmp}[kind](address, port), LIMIT + 1)
    except (OSError, asyncio.TimeoutError):
        return False
async def main():
    print(json.dumps(await asyncio.gather(*(one(*probe) for probe in json.loads(sys.argv[1])))))
asyncio.run(main())
"""

DHCP = """
import socket, struct, sys
DISCOVER, OFFER, DECLINE = 1, 2, 4
def message(kind, mac, options=b""):
    head = struct.pack("!4BIHH", 1, 1, 6, 0, 7, 0, 0x8000) + bytes(16) + mac + bytes(202)
    return head + b"\\x63\\x82\\x53\\x63" + bytes([53, 1, kind]) + options + b"\\xff"
mac, address, server = bytes.fromhex(sys.argv[2].replace(":", "")), *map(socket.inet_aton, sys.argv[3:])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    asking.bind(("0.0.0.0", 68))
    asking.settimeout(6)
    options = bytes([50, 4]) + address + bytes([54, 4]) + server
    if sys.argv[1] == "decline":
        asking.sendto(message(DECLINE, mac, options), ("255.255.255.255", 67))
    else:
        asking.sendto(message(DISCOVER, mac), ("255.255.255.255", 67))
        print(socket.inet_ntoa(asking.recv(2000)[16:20]))
"""


@dataclass(frozen=True)
class Machine:
    """A namespace on a subnet's bridge, as a guest would be; `tap` is its port there."""

    name: str
    network: NetworkSpec
    address: IPv4Address
    mac: str

    @property
    def tap(self) -> str:
        return f"tap-{self.name}"


@contextmanager
def running(machine: Machine) -> Iterator[Machine]:
    """It answers on its ports; TCP tells the address of the caller first."""
    name, spec = machine.name, machine.network
    for line in (
        f"netns add {name}",
        f"link add {machine.tap} type veth peer name eth0 address {machine.mac} netns {name}",
        f"link set {machine.tap} master {spec.bridge} up",
        f"-n {name} link set lo up",
        f"-n {name} link set eth0 up",
        f"-n {name} address add {machine.address}/{spec.prefix} dev eth0",
        f"-n {name} route add default via {spec.gateway}",
    ):
        command.run(["ip", *line.split()])
    if spec.isolated:
        command.run(["bridge", "link", "set", "dev", machine.tap, "isolated", "on"])
    serve = [sys.executable, "-c", SERVE, str(UDP_PORT), *map(str, TCP_PORTS)]
    server = command.start(["ip", "netns", "exec", name, *serve], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    try:
        yield machine
    finally:
        server.kill()
        server.communicate()
        command.run(["ip", "netns", "delete", name])
        command.run(["ip", "link", "delete", machine.tap], check=False)


def inside(by: Machine | None, *argv: str) -> list[str]:
    """The command line that runs it in a machine; None is the lab."""
    return ["ip", "netns", "exec", by.name, *argv] if by else list(argv)


def seen_as(target: IPv4Address, *, by: Machine | None = None) -> str:
    """The address `target` sees as its caller, or why there was no answer."""
    try:
        return command.run(inside(by, sys.executable, "-c", CALL, str(target))).stdout.strip()
    except CommandFailed as error:
        return error.stderr.strip().splitlines()[-1].partition(":")[2].strip()


Probe = tuple[str, str, int]
"""Protocol, address, port."""


def answered(by: Machine | None, probes: Sequence[Probe], limit: float = 1) -> list[bool]:
    """Which of them got an answer, all asked at once."""
    said = command.run(inside(by, sys.executable, "-c", PROBE, json.dumps(probes), str(limit)), timeout=60).stdout
    found: list[bool] = json.loads(said)
    return found


def dhcp(by: Machine, word: str, of: Machine) -> str:
    """Ask for the address of `of`, or decline it in its name. What is offered."""
    words = [word, of.mac, str(of.address), str(of.network.gateway)]
    return command.run(inside(by, sys.executable, "-c", DHCP, *words), check=False).stdout.strip()
