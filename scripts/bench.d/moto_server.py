"""moto's EC2 server as a contestant: `pip install 'moto[server,ec2]'` somewhere on PATH. It checks no signatures.

Its instances are records, as those of the full home here are; they are made by its own API and stopped before anything
is measured.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from full_home import IN_A_GROUP
from load import measure

from vmsim.model.errors import HostError

_LIMIT = 60.0
_VERSION = "2016-11-15"
_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
)


@dataclass(frozen=True)
class MotoServer:
    name: str
    address: tuple[str, int]
    ids: Sequence[str]

    def describe(self, group: int, mark: str) -> bytes:
        wanted = {"Filter.1.Name": "tag:group", "Filter.1.Value.1": str(group), "Filter.1.Value.2": f"no {mark}"}
        return _request(self.address, "DescribeInstances", wanted)

    def stop(self, number: int) -> bytes:
        return _request(self.address, "StopInstances", {"InstanceId.1": self.ids[number]})


@contextmanager
def moto_server(count: int) -> Iterator[MotoServer]:
    address = ("127.0.0.1", _free_port())
    words = ["moto_server", "-H", address[0], "-p", str(address[1])]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(address)
            yield MotoServer(f"moto, {count} instances", address, _filled(address, count))
        finally:
            process.terminate()


def _filled(address: tuple[str, int], count: int) -> list[str]:
    made: list[str] = []
    for group in range(count // IN_A_GROUP):
        made += re.findall(r"<instanceId>(i-\w+)</instanceId>", _launched(address, group))
    for number in range(0, count, 100):
        named = {f"InstanceId.{n}": ident for n, ident in enumerate(made[number : number + 100], 1)}
        measure(address, [_request(address, "StopInstances", named)], 1, b"<StopInstancesResponse")
    return made


def _launched(address: tuple[str, int], group: int) -> str:
    asked = {"ImageId": "ami-12c6146b", "MinCount": str(IN_A_GROUP), "MaxCount": str(IN_A_GROUP)}
    tag = {"ResourceType": "instance", "Tag.1.Key": "group", "Tag.1.Value": str(group)}
    tagged = {f"TagSpecification.1.{name}": value for name, value in tag.items()}
    with socket.create_connection(address, timeout=_LIMIT) as connection:
        connection.sendall(_request(address, "RunInstances", {**asked, **tagged}))
        parts = []
        while data := connection.recv(65536):
            parts.append(data)
    return b"".join(parts).decode()


def _request(address: tuple[str, int], action: str, members: dict[str, str]) -> bytes:
    body = urlencode({"Action": action, "Version": _VERSION, **members}).encode()
    head = [
        "POST / HTTP/1.1",
        "Host: {}:{}".format(*address),
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
        f"Authorization: {_AUTHORIZATION}",
        "Connection: close",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _wait_for(address: tuple[str, int]) -> None:
    deadline = time.monotonic() + _LIMIT
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise HostError(f"moto_server does not answer: {error}") from error
            time.sleep(0.1)
