"""HTTP as clients demand it: always 200, always an envelope, always exactly application/json."""

from __future__ import annotations

import http.client
import json
import time
from statistics import median
from typing import Any

import pytest

from vmsim.lab.port import answers_as_vmsim

from .wire import LAUNCH, Api, signed_request


def exchange(
    port: int, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"host": "x", "content-length": str(len(body)), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def response_of(answer: tuple[http.client.HTTPResponse, bytes]) -> dict[str, Any]:
    reply, body = answer
    assert reply.status == 200
    assert reply.getheader("content-type") == "application/json"
    envelope = json.loads(body)
    assert list(envelope) == ["Response"]
    response: dict[str, Any] = envelope["Response"]
    return response


def code_of(answer: tuple[http.client.HTTPResponse, bytes]) -> str:
    code: str = response_of(answer)["Error"]["Code"]
    return code


def test_success_is_an_envelope(port: int) -> None:
    wire = signed_request("DescribeZones")
    response = response_of(exchange(port, "POST", "/", wire.body, dict(wire.headers)))
    assert response["TotalCount"] == len(response["ZoneSet"])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_in_an_envelope(port: int, method: str) -> None:
    assert code_of(exchange(port, method, "/")) == "UnsupportedProtocol"


@pytest.mark.parametrize("target", ["/a/b?c=d", "//", "/%00"])
def test_any_path_answers_with_an_envelope(port: int, target: str) -> None:
    assert code_of(exchange(port, "POST", target)) == "MissingParameter"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_legacy_path_answers_with_its_own_envelope(port: int, method: str) -> None:
    reply, body = exchange(port, method, "/v2/index.php")
    assert (reply.status, reply.getheader("content-type")) == (200, "application/json")
    assert list(json.loads(body)) == ["code", "message", "codeDesc"]


def test_the_early_api_3_is_at_the_legacy_path_too(port: int) -> None:
    target = "/v2/index.php?Action=StopInstances&Version=2017-03-12&InstanceIds.1=ins-00000000"
    assert code_of(exchange(port, "GET", target)) == "MissingParameter"
    wire = signed_request("StopInstances", {"InstanceIds": ["ins-00000000"]})
    answer = exchange(port, "POST", "/v2/index.php", wire.body, dict(wire.headers))
    assert code_of(answer) == "InvalidInstanceId.NotFound"


METADATA = "metadata.tencentyun.com"


@pytest.mark.parametrize("host", [METADATA, "169.254.0.23", f"{METADATA}:80", METADATA.upper()])
def test_metadata_goes_by_the_host(port: int, host: str) -> None:
    for target in ("/latest/meta-data/placement/region", f"http://{host}/latest/meta-data/placement/region"):
        reply, body = exchange(port, "GET", target, headers={"host": host})
        assert (reply.status, reply.getheader("content-type"), body) == (200, "text/plain", b"ap-guangzhou")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/latest/meta-data/", 200),
        ("GET", "/latest/meta-data/instance-id", 404),
        ("GET", "/latest/meta-data/cam/security-credentials/another", 404),
        ("GET", "/%00/%ff", 404),
        ("GET", "/v2/index.php", 404),
        ("POST", "/latest/meta-data/", 405),
        ("PUT", "/latest/api/token", 405),
    ],
)
def test_metadata_has_statuses(port: int, method: str, path: str, status: int) -> None:
    assert exchange(port, method, path, headers={"host": METADATA})[0].status == status


def test_a_path_in_absolute_form_is_one(port: int) -> None:
    host = "cvm.tencentcloudapi.com"
    wire = signed_request("DescribeZones", host=host)
    answer = exchange(port, "POST", f"http://{host}/", wire.body, dict(wire.headers))
    assert response_of(answer)["TotalCount"] > 0


def test_a_browser_is_told_what_is_here(port: int) -> None:
    reply, body = exchange(port, "GET", "/")
    assert reply.status == 200
    assert b"vmsim" in body
    assert answers_as_vmsim(port)
    reply, body = exchange(port, "HEAD", "/")
    assert (reply.status, body) == (200, b"")


def test_a_body_that_is_too_large_is_refused_politely(port: int) -> None:
    wire = signed_request("DescribeZones")
    answer = exchange(port, "POST", "/", b" " * (10 * 1024 * 1024 + 1), dict(wire.headers))
    assert code_of(answer) == "RequestSizeLimitExceeded"


def test_a_query_that_is_too_long_is_refused(port: int) -> None:
    assert code_of(exchange(port, "GET", "/?Action=x&" + "a" * 33_000)) == "RequestSizeLimitExceeded"


def test_describing_takes_milliseconds(port: int, api: Api) -> None:
    """The goal is 5 ms; the bound leaves room for a busy machine."""
    api.ok("RunInstances", {**LAUNCH, "InstanceCount": 2})
    wire = signed_request("DescribeInstances")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    seconds = []
    for _ in range(60):
        began = time.perf_counter()
        connection.request("POST", "/", wire.body, dict(wire.headers))
        assert b"TotalCount" in connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    connection.close()
    assert median(seconds) < 0.05
