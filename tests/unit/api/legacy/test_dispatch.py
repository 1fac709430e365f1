"""The way in: signatures, clocks, replays, and that whatever comes is answered in the legacy envelope."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_fixture import SetClock, launched
from vmsim.api.dispatch import signed as verified
from vmsim.api.legacy import request
from vmsim.api.legacy.dispatch import ACTIONS, LegacyApi
from vmsim.api.request import WireRequest
from vmsim.cloud import temporary_keys
from vmsim.cloud.context import Cloud

from .legacy_wire import HOST, SECRET_ID, LegacyClient, signed

VECTOR = (
    f"Action=StopInstances&Nonce=11886&Region=gz&SecretId={SECRET_ID}&SignatureMethod=HmacSHA1&Timestamp=1465185768"
    "&forceStop=0&instanceIds.0=ins-aaaaaaaa&Signature=3oZUVspLHntPaTg6lR0CbTBzSnI%3D"
)
THEN = datetime.fromtimestamp(1465185768, timezone.utc)


def test_the_published_vector_is_accepted(cloud: Cloud) -> None:
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.ahead = THEN - datetime.now(timezone.utc)
    wire = WireRequest("GET", request.PATH, VECTOR, {"host": HOST})
    assert verified(cloud, wire, request.read(wire)).who == SECRET_ID
    reply = json.loads(LegacyApi(cloud).answer(wire))
    assert reply["code"] == 5100 and reply["detail"]["ins-aaaaaaaa"]["code"] == 5000
    changed = replace(wire, query=VECTOR.replace("ins-aaaaaaaa", "ins-aaaaaaab"))
    assert json.loads(LegacyApi(cloud).answer(changed))["code"] == 4100


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("digest", ["HmacSHA1", "HmacSHA256"])
def test_both_methods_and_both_digests(client: LegacyClient, method: str, digest: str) -> None:
    reply = client.call("DescribeInstances", {"searchWord": "a b/\u00fc+&="}, method=method, SignatureMethod=digest)
    assert reply == {"code": 0, "message": "", "codeDesc": "Success", "totalCount": 0, "instanceSet": []}


def test_hmac_sha1_is_the_default(client: LegacyClient) -> None:
    common = client.common("DescribeInstances")
    del common["SignatureMethod"]
    assert client.send(signed(common))["code"] == 0


def test_a_value_that_begins_with_at_is_not_signed_in_a_form(client: LegacyClient) -> None:
    assert client.call("DescribeInstances", {"searchWord": "@x"}, method="POST")["code"] == 0
    assert client.call("DescribeInstances", {"searchWord": "@x"})["code"] == 0


@pytest.mark.parametrize(("region", "there"), [("gz", 1), ("ap-guangzhou", 1), ("hk", 0), ("ap-hongkong", 0)])
def test_regions_have_short_names(client: LegacyClient, cloud: Cloud, region: str, there: int) -> None:
    launched(cloud)
    assert client.call("DescribeInstances", Region=region)["totalCount"] == there


@pytest.mark.parametrize(
    ("common", "code"),
    [
        ({"Region": "moon"}, 4000),
        ({"Region": ""}, 4000),
        ({"SecretId": "AKIDother"}, 4104),
        ({"SignatureMethod": "HmacMD5"}, 4100),
        ({"Nonce": "-1"}, 4000),
        ({"Nonce": ""}, 4000),
        ({"Timestamp": ""}, 4000),
        ({"Timestamp": "now"}, 4000),
        ({"Timestamp": "1465185768"}, 4500),
        ({"Action": "FlyInstances"}, 6100),
        ({"Action": ""}, 4000),
    ],
)
def test_bad_common_parameters(client: LegacyClient, common: dict[str, str], code: int) -> None:
    assert client.send(signed({**client.common("DescribeInstances"), **common}))["code"] == code


def test_a_wrong_key_and_a_changed_request(client: LegacyClient) -> None:
    wire = signed(client.common("DescribeInstances"), key="another")
    assert client.send(wire)["code"] == 4100
    wire = signed(client.common("DescribeInstances"))
    assert client.send(replace(wire, query=wire.query + "&limit=5"))["code"] == 4100


def test_a_request_is_done_once(client: LegacyClient) -> None:
    wire = signed(client.common("DescribeInstances"))
    assert client.send(wire)["code"] == 0
    again = client.send(wire)
    assert (again["code"], again["codeDesc"]) == (4500, "ReplayAttack")
    assert client.call("DescribeInstances", Nonce=str(10**18))["code"] == 0
    assert client.call("DescribeInstances", Nonce=str(10**18))["code"] == 4500


def test_a_stranger_spends_nobodys_nonce(client: LegacyClient) -> None:
    common = client.common("DescribeInstances")
    assert client.send(signed(common, key="another"))["code"] == 4100
    assert client.send(signed(common))["code"] == 0


def test_a_temporary_key_needs_its_token(client: LegacyClient, cloud: Cloud) -> None:
    key = temporary_keys.of_role(cloud, "vmsim")
    common = {**client.common("DescribeInstances"), "SecretId": key.secret_id}
    assert client.send(signed(common, key=key.secret_key))["code"] == 4105
    assert client.send(signed({**common, "Token": key.token}, key=key.secret_key))["code"] == 0


@pytest.mark.parametrize(
    "params",
    [
        {"instanceIds.0": "ins-aaaaaaaa", "colour": "red"},
        {"instanceIds": "ins-aaaaaaaa", "instanceIds.0": "x"},
        {"instanceIds.x": "ins-aaaaaaaa"},
        {"instanceIds.0.y": "ins-aaaaaaaa"},
        {},
        {"instanceIds.0": "ins-aaaaaaaa", "forceStop": "2"},
        {"instanceIds.0": "ins-aaaaaaaa", "forceStop": "yes"},
        {f"instanceIds.{index}": f"ins-{index:08}" for index in range(101)},
    ],
)
def test_bad_parameters(client: LegacyClient, params: dict[str, str]) -> None:
    reply = client.call("StopInstances", params)
    assert (reply["code"], reply["codeDesc"]) == (4000, "InvalidParameter")
    assert "detail" not in reply


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (WireRequest("PUT", request.PATH), 4600),
        (WireRequest("GET", request.PATH), 4000),
        (WireRequest("POST", request.PATH, "", {"content-type": "application/json"}, b"{}"), 4000),
        (WireRequest("GET", request.PATH, "Action=%ff"), 4000),
        (WireRequest("GET", request.PATH, "Action=x&" + "a" * 33_000), 4000),
        (WireRequest("POST", request.PATH, "", {}, b"", too_large=True), 4000),
    ],
)
def test_what_cannot_be_read(client: LegacyClient, wire: WireRequest, code: int) -> None:
    assert client.send(wire)["code"] == code


OWN = [
    *("instanceIds.0", "instanceIds", "instanceId", "password", "keyId", "forceStop", "cpu", "mem", "limit"),
    *("storageSize", "lanIps.0", "status", "zoneId", "Region", "a.b", "..", "x"),
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    action=st.sampled_from([*ACTIONS, "Other"]),
    params=st.dictionaries(
        st.sampled_from(OWN),
        st.text(st.characters(codec="utf-8"), max_size=12)
        | st.sampled_from(["ins-aaaaaaaa", "qcvm" + "0" * 32, "1", "0", "@"]),
        max_size=4,
    ),
    method=st.sampled_from(["GET", "POST"]),
)
def test_any_signed_request_is_answered(client: LegacyClient, action: str, params: dict[str, Any], method: str) -> None:
    assert client.call(action, params, method=method)["code"] != 6000


@pytest.mark.parametrize(
    ("query", "headers", "meant"),
    [
        ("Action=StopInstances", {}, True),
        ("Action=StopInstances&Version=2017-03-12", {}, False),
        ("Version=2017-03-12&Action=StopInstances", {}, False),
        ("Action=StopInstances&searchWord=Version%3D", {}, True),
        ("", {"x-tc-action": "StopInstances"}, False),
    ],
)
def test_the_early_api_3_lives_at_the_same_path(query: str, headers: dict[str, str], meant: bool) -> None:
    assert request.is_legacy(WireRequest("GET", request.PATH, query, headers)) is meant


def test_another_path_is_not_legacy() -> None:
    assert not request.is_legacy(WireRequest("GET", "/", "Action=StopInstances"))
