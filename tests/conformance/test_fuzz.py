"""Whatever is sent: an envelope comes back, and never a bug's."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmsim.api import spec
from vmsim.api.dispatch import Dispatcher, signed, trusted
from vmsim.api.request import WireRequest
from vmsim.api.simulated import ACTIONS

from .wire import REGION, VERSION, Api, signed_request

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TEXT = st.text(st.characters(codec="latin-1"), max_size=40)
NAMES = st.sampled_from(
    [
        "host",
        "content-type",
        "authorization",
        "x-tc-action",
        "x-tc-version",
        "x-tc-region",
        "x-tc-timestamp",
        "x-tc-token",
        "x-tc-language",
        "x-tc-content-sha256",
    ]
)
WORDS = TEXT | st.sampled_from(
    [
        "DescribeInstances",
        "RunInstances",
        VERSION,
        REGION,
        "application/json",
        "application/x-www-form-urlencoded",
        "SKIP",
        "TC3-HMAC-SHA256 Credential=a/2026-01-01/cvm/tc3_request, SignedHeaders=content-type;host, Signature="
        + "0" * 64,
    ]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def response(answer: bytes) -> dict[str, Any]:
    envelope = json.loads(answer)
    assert list(envelope) == ["Response"]
    found: dict[str, Any] = envelope["Response"]
    assert len(found["RequestId"]) == 36
    return found


@FUZZ
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "BREW"]),
    path=TEXT.map(lambda text: "/" + text),
    query=TEXT,
    headers=st.dictionaries(NAMES, WORDS),
    body=st.binary(max_size=60),
)
def test_any_request_is_answered(
    api: Api, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    wire = WireRequest(method, path, query, headers, body)
    for authenticate in (signed, trusted):
        found = response(Dispatcher(api.cloud, authenticate, strict=True).answer(wire))
        assert found.get("Error", {}).get("Code") != "InternalError"


@FUZZ
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_signed_body_is_answered(api: Api, body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    found = api.send(signed_request("DescribeInstances", body=text))
    assert found.get("Error", {}).get("Code") in (None, "InvalidParameter", "UnknownParameter")


@FUZZ
@given(data=st.data())
def test_any_value_of_a_known_member_is_answered(api: Api, data: st.DataObject) -> None:
    service, action = data.draw(st.sampled_from(sorted(ACTIONS)))
    schema = spec.service(service)
    names = sorted(schema.members(schema.request(action)))
    params = data.draw(st.dictionaries(st.sampled_from(names), JSON | _object(), max_size=4)) if names else {}
    found = api.call(action, params, service=service, version=schema.version)
    error = found.get("Error")
    if error is not None:
        assert error["Code"] != "InternalError", error
        assert error["Code"] in spec.error_list(service, action) | {
            "InvalidParameter",
            "InvalidParameterValue",
            "LimitExceeded",
            "MissingParameter",
            "UnknownParameter",
            "UnsupportedOperation",
            "ResourceInsufficient",
            "ResourceNotFound",
        }


def _object() -> st.SearchStrategy[Any]:
    """Objects with members that exist somewhere, so that more than their names is looked at."""
    members = st.sampled_from(["Zone", "ProjectId", "DiskSize", "DiskType", "DiskId", "Name", "Values", "KeyIds"])
    whole = st.dictionaries(members, PLAIN | st.lists(st.text(max_size=5), max_size=3), max_size=3)
    return whole | st.lists(whole, max_size=2)
