"""Tencent's own Python SDK against the API on a loopback port: every way in which it can send a request."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import models
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.cvm.v20170312.cvm_client_async import CvmClient as AsyncCvmClient

from vmsim.model.lifecycle import InstanceState

from .wire import LAUNCH, REGION, SECRET_ID, SECRET_KEY, Api

SIGNATURES = ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]


def client(
    port: int,
    *,
    method: str = "POST",
    signature: str = "TC3-HMAC-SHA256",
    scheme: str = "",
    secret_key: str = SECRET_KEY,
    unsigned_payload: bool = False,
    token: str | None = None,
) -> CvmClient:
    key = credential.Credential(SECRET_ID, secret_key, token)
    return CvmClient(key, REGION, profile(port, method, signature, scheme, unsigned_payload=unsigned_payload))


def profile(
    port: int,
    method: str = "POST",
    signature: str = "TC3-HMAC-SHA256",
    scheme: str = "",
    *,
    unsigned_payload: bool = False,
    region_breaker: bool = False,
) -> ClientProfile:
    http = HttpProfile(protocol="http", endpoint=f"{scheme}127.0.0.1:{port}", reqMethod=method, reqTimeout=10)
    made = ClientProfile(
        signMethod=signature, httpProfile=http, language="en-US", disable_region_breaker=not region_breaker
    )
    made.unsignedPayload = unsigned_payload
    return made


def common_client(port: int, method: str = "POST") -> CommonClient:
    key = credential.Credential(SECRET_ID, SECRET_KEY)
    return CommonClient("cvm", "2017-03-12", key, REGION, profile(port, method))


def describe(**members: object) -> models.DescribeInstancesRequest:
    request = models.DescribeInstancesRequest()
    request._deserialize(members)
    return request


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_every_signature_and_method_is_understood(port: int, api: Api, method: str, signature: str) -> None:
    wanted = api.launched(InstanceState.RUNNING, InstanceName="a b/ü+&=")
    api.launched(InstanceState.RUNNING, InstanceName="other")
    asked = describe(Filters=[{"Name": "instance-name", "Values": ["a b/ü+&="]}], Limit=1)
    found = client(port, method=method, signature=signature).DescribeInstances(asked)
    assert [instance.InstanceId for instance in found.InstanceSet] == [wanted]
    assert found.InstanceSet[0].InstanceState == "RUNNING"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_payload_may_stay_unsigned(port: int, method: str) -> None:
    assert client(port, method=method, unsigned_payload=True).DescribeInstances(describe()).TotalCount == 0


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_token_beside_the_key_is_accepted(port: int, method: str, signature: str) -> None:
    asked = client(port, method=method, signature=signature, token="t/o+k=n")
    assert asked.DescribeInstances(describe()).TotalCount == 0


@pytest.mark.parametrize("signature", SIGNATURES)
def test_multipart_is_understood(port: int, api: Api, signature: str) -> None:
    """The SDK signs it by TC3 whatever it was told; numbers it cannot send in it at all."""
    wanted = api.launched(InstanceState.RUNNING, InstanceName="a b/ü+&=")
    api.launched(InstanceState.RUNNING, InstanceName="other")
    members = {"Filters": [{"Name": "instance-name", "Values": ["a b/ü+&="]}], "Limit": "1"}
    reply = client(port, signature=signature).call_json("DescribeInstances", members, options={"IsMultipart": True})
    assert [instance["InstanceId"] for instance in reply["Response"]["InstanceSet"]] == [wanted]


def test_multipart_without_parameters_and_with_files_is_understood(port: int) -> None:
    asked = client(port)
    options = {"IsMultipart": True, "BinaryParams": ["Limit"]}
    assert asked.call_json("DescribeZones", {}, options=options)["Response"]["TotalCount"] > 0
    assert asked.call_json("DescribeInstances", {"Limit": b"1"}, options=options)["Response"]["TotalCount"] == 0


@pytest.mark.parametrize("unsigned_payload", [False, True])
def test_an_octet_stream_is_understood(port: int, api: Api, unsigned_payload: bool) -> None:
    api.launched(InstanceState.RUNNING)
    asked = client(port, unsigned_payload=unsigned_payload)
    reply = asked.call_octet_stream("DescribeInstances", {}, json.dumps({"Limit": 1}).encode())
    assert reply["Response"]["TotalCount"] == 1
    with pytest.raises(TencentCloudSDKException) as caught:
        asked.call_octet_stream("DescribeInstances", {}, b"\x00\xff\xfe")
    assert caught.value.get_code() == "InvalidParameter"


@pytest.mark.parametrize(("method", "options"), [("POST", {}), ("GET", {}), ("POST", {"IsMultipart": True})])
def test_an_unsigned_request_is_refused(port: int, method: str, options: dict[str, bool]) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        client(port, method=method).call_json("DescribeInstances", {}, options={"SkipSign": True, **options})
    assert caught.value.get_code() == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_client_for_any_product_is_understood(port: int, method: str) -> None:
    asked = common_client(port, method)
    assert asked.call_json("DescribeZones", {})["Response"]["TotalCount"] > 0


def test_the_region_breaker_stays_closed(port: int) -> None:
    key = credential.Credential(SECRET_ID, SECRET_KEY)
    asked = CvmClient(key, REGION, profile(port, region_breaker=True))
    assert [asked.DescribeInstances(describe()).TotalCount for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_asynchronous_client_is_understood(port: int, api: Api, method: str, signature: str) -> None:
    wanted = api.launched(InstanceState.RUNNING, InstanceName="a b/ü+&=")
    asked = describe(Filters=[{"Name": "instance-name", "Values": ["a b/ü+&="]}], Limit=1)

    async def ask() -> list[str]:
        key = credential.Credential(SECRET_ID, SECRET_KEY)
        async with AsyncCvmClient(key, REGION, profile(port, method, signature)) as opened:
            found = await opened.DescribeInstances(asked)
        return [instance.InstanceId for instance in found.InstanceSet]

    assert asyncio.run(ask()) == [wanted]


def test_secrets_are_not_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client(port).DescribeInstances(describe())
    with pytest.raises(TencentCloudSDKException):
        client(port, signature="HmacSHA1", method="GET", secret_key="wrong").DescribeInstances(describe())
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("vmsim", "uvicorn"))]
    assert not [line for line in ours if SECRET_KEY in line or "Signature=" in line]


def test_a_host_header_with_a_scheme_is_taken_as_it_is(port: int) -> None:
    """What tccli sends with --endpoint http://…"""
    assert client(port, scheme="http://").DescribeInstances(describe()).TotalCount == 0


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_wrong_key_is_refused(port: int, method: str, signature: str) -> None:
    wrong = client(port, method=method, signature=signature, secret_key="wrong")
    with pytest.raises(TencentCloudSDKException) as caught:
        wrong.DescribeInstances(describe())
    assert caught.value.get_code() == "AuthFailure.SignatureFailure"


def test_errors_reach_the_sdk_as_its_own_exception(port: int) -> None:
    request = models.StopInstancesRequest()
    request.InstanceIds = ["ins-00000000"]
    with pytest.raises(TencentCloudSDKException) as caught:
        client(port).StopInstances(request)
    assert caught.value.get_code() == "InvalidInstanceId.NotFound"
    assert caught.value.get_message().endswith(f"({caught.value.get_request_id()[:8]})")


def test_a_launch_is_typed_by_text_too(port: int, api: Api) -> None:
    """GET carries numbers and booleans as text, and lists flattened."""
    request = models.RunInstancesRequest()
    request._deserialize({**LAUNCH, "InstanceCount": 2, "DryRun": False, "DataDisks": [{"DiskSize": 10}]})
    made = client(port, method="GET", signature="HmacSHA1").RunInstances(request)
    assert len(made.InstanceIdSet) == 2
    found = api.ok("DescribeInstances", {"InstanceIds": made.InstanceIdSet})
    assert [instance["DataDisks"][0]["DiskSize"] for instance in found["InstanceSet"]] == [10, 10]
