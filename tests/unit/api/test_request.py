from __future__ import annotations

from dataclasses import replace

import pytest

from vmsim.api import request
from vmsim.api.request import WireRequest
from vmsim.model.errors import VmsimError

HEADERS = {"x-tc-action": "DescribeZones", "x-tc-version": "2017-03-12", "content-type": "application/json"}


def refused(wire: WireRequest) -> str:
    with pytest.raises(VmsimError) as caught:
        request.parameters(wire, request.read(wire))
    return caught.value.code


def test_json_is_read() -> None:
    wire = WireRequest("POST", "/", "", HEADERS, b'{"Limit": 1}')
    assert request.parameters(wire, request.read(wire)) == ({"Limit": 1}, False)


def test_an_empty_body_means_no_parameters() -> None:
    wire = WireRequest("POST", "/", "", HEADERS)
    assert request.parameters(wire, request.read(wire)) == ({}, False)


def test_a_query_is_read_with_the_common_parameters_apart() -> None:
    wire = WireRequest("GET", "/", "Action=X&Version=1&Nonce=2&Limit=1&Name=%C3%BC+b")
    asked = request.read(wire)
    assert asked.action == "X"
    assert request.parameters(wire, asked) == ({"Limit": "1", "Name": "ü b"}, True)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"1", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refused(WireRequest("POST", "/", "", HEADERS, body)) == "InvalidParameter"


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE"])
def test_only_get_and_post_are_served(method: str) -> None:
    assert refused(WireRequest(method, "/", "", HEADERS)) == "UnsupportedProtocol"


def test_an_action_and_a_version_are_needed() -> None:
    assert refused(WireRequest("POST", "/", "", {})) == "MissingParameter"
    assert refused(WireRequest("POST", "/", "", {"x-tc-action": "X"})) == "MissingParameter"
    assert refused(WireRequest("GET", "/", "Version=1")) == "MissingParameter"


def test_size_has_limits() -> None:
    assert refused(WireRequest("POST", "/", "", HEADERS, too_large=True)) == "RequestSizeLimitExceeded"
    assert refused(WireRequest("GET", "/", "a" * 40_000, HEADERS)) == "RequestSizeLimitExceeded"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert refused(WireRequest("POST", "/", "", form, b"a" * 1_100_000)) == "RequestSizeLimitExceeded"


MULTIPART = {**HEADERS, "content-type": "multipart/form-data; boundary=xyz"}
PARTS = (
    b'--xyz\r\nContent-Disposition: form-data; name="Name"\r\n\r\n\xc3\xbc\r\nb\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="Ids"\r\nContent-Type: application/json\r\n\r\n["a", "b"]\r\n'
    b"--xyz--\r\n"
)


def test_multipart_carries_text_and_json() -> None:
    wire = WireRequest("POST", "/", "", MULTIPART, PARTS)
    assert request.parameters(wire, request.read(wire)) == ({"Name": "ü\r\nb", "Ids": ["a", "b"]}, False)


def test_multipart_without_parameters_is_empty() -> None:
    wire = WireRequest("POST", "/", "", MULTIPART)
    assert request.parameters(wire, request.read(wire)) == ({}, False)


@pytest.mark.parametrize(
    "body",
    [PARTS[:-4], PARTS.replace(b"[", b""), PARTS.replace(b"\xc3", b""), PARTS.replace(b"Ids", b"Name"), b"x"],
)
def test_multipart_that_cannot_be_read_is_refused(body: bytes) -> None:
    assert refused(WireRequest("POST", "/", "", MULTIPART, body)) == "InvalidParameter"


def test_an_octet_stream_is_read_as_json() -> None:
    wire = WireRequest("POST", "/", "", {**HEADERS, "content-type": "application/octet-stream"}, b'{"Limit": 1}')
    assert request.parameters(wire, request.read(wire)) == ({"Limit": 1}, False)
    assert refused(replace(wire, body=b"\x00\xff")) == "InvalidParameter"
