"""Run inside the lab: does anything answer at an address? Prints {"ping": "", "22": "timed out", …}: why not, or "".

Its arguments: ADDRESS SECONDS PORT…
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

NO_ECHO = "no echo"
_ECHO_REPLY = 0


def refusal(address: str, port: int, limit: float) -> str:
    """Why a TCP connection is not accepted, in the words a client prints; "" when it is."""
    try:
        with socket.create_connection((address, port), limit):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def ping(address: str, limit: float) -> bool:
    """Does an ICMP echo come back? Needs to be root of the network namespace."""
    ident = os.getpid() & 0xFFFF
    deadline = time.monotonic() + limit
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
            sock.sendto(echo_request(ident), (address, 0))
            while (left := deadline - time.monotonic()) > 0:
                sock.settimeout(left)
                packet, sender = sock.recvfrom(2048)
                if sender[0] == address and is_reply(packet, ident):
                    return True
    except OSError:
        pass
    return False


def echo_request(ident: int) -> bytes:
    """ICMP type 8, with the checksum of RFC 1071."""
    words = (8 << 8, 0, ident, 1)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!HHHH", words[0], ~total & 0xFFFF, ident, 1)


def is_reply(packet: bytes, ident: int) -> bool:
    """An IP packet as a raw socket gives it: is it the answer to our echo?"""
    header = (packet[0] & 0x0F) * 4
    body = packet[header:]
    return len(body) >= 8 and body[0] == _ECHO_REPLY and struct.unpack("!H", body[4:6])[0] == ident


def main(arguments: Sequence[str]) -> None:
    address, limit, *ports = arguments
    with ThreadPoolExecutor() as pool:
        pinged = pool.submit(ping, address, float(limit))
        opened = {port: pool.submit(refusal, address, int(port), float(limit)) for port in ports}
        found = {"ping": "" if pinged.result() else NO_ECHO, **{port: each.result() for port, each in opened.items()}}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
