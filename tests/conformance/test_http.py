"""HTTP as clients demand it: always 200, always an envelope, always exactly application/json."""

from __future__ import annotations

import http.client
import json
import time
from statistics import median
from typing import Any

import pytest

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


@pytest.mark.parametrize("target", ["/v2/index.php", "/a/b?c=d", "//", "/%00"])
def test_any_path_answers_with_an_envelope(port: int, target: str) -> None:
    assert code_of(exchange(port, "POST", target)) == "MissingParameter"


def test_a_path_in_absolute_form_is_one(port: int) -> None:
    host = "cvm.tencentcloudapi.com"
    wire = signed_request("DescribeZones", host=host)
    answer = exchange(port, "POST", f"http://{host}/", wire.body, dict(wire.headers))
    assert response_of(answer)["TotalCount"] > 0


def test_a_browser_is_told_what_is_here(port: int) -> None:
    reply, body = exchange(port, "GET", "/")
    assert reply.status == 200
    assert b"vmsim" in body
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
