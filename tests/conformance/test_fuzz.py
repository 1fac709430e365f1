"""Whatever is sent: an envelope comes back, and never a bug's."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmsim.api import spec
from vmsim.api.dispatch import Dispatcher, signed, trusted
from vmsim.api.error_codes import COMMON
from vmsim.api.request import WireRequest
from vmsim.api.simulated import ACTIONS
from vmsim.model.lifecycle import InstanceState

from . import mutants
from .wire import REGION, VERSION, Api, signed_request

pytestmark = pytest.mark.walks
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# More by MUTANTS=500 for a night's work.
MUTANTS = int(os.environ.get("MUTANTS", "12"))
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


@pytest.mark.parametrize(("service", "action"), sorted(ACTIONS), ids=[".".join(one) for one in sorted(ACTIONS)])
def test_a_request_that_is_nearly_right_is_answered(
    api: Api, caplog: pytest.LogCaptureFixture, service: str, action: str
) -> None:
    """In every way it may be sent; and what was refused has changed nothing."""
    known = [api.launched(InstanceState.RUNNING), api.launched(InstanceState.STOPPED)]
    known.append(api.key_pair("known"))
    known.append(api.ok("CreateDefaultSecurityGroup", service="vpc")["SecurityGroup"]["SecurityGroupId"])
    dispatcher = Dispatcher(api.cloud, trusted, strict=True)

    @settings(FUZZ, max_examples=MUTANTS, deadline=20_000)  # milliseconds for what hangs, and no measure of speed
    @given(params=mutants.requests(service, action, known))
    def answered(params: dict[str, Any]) -> None:
        for wire in mutants.wires(service, action, params):
            before = everything(api)
            error = response(dispatcher.answer(wire)).get("Error")
            if error is not None:
                assert error["Code"] in (spec.error_list(service, action) | COMMON) - {"InternalError"}, error
                assert everything(api) == before, error

    answered()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def everything(api: Api) -> list[str]:
    """All that is recorded."""
    with closing(sqlite3.connect(api.cloud.home.database)) as connection:
        return list(connection.iterdump())
