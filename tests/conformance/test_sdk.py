"""Tencent's own Python SDK against the API on a loopback port."""

from __future__ import annotations

import pytest
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import models
from tencentcloud.cvm.v20170312.cvm_client import CvmClient

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
) -> CvmClient:
    http = HttpProfile(protocol="http", endpoint=f"{scheme}127.0.0.1:{port}", reqMethod=method, reqTimeout=10)
    profile = ClientProfile(signMethod=signature, httpProfile=http, language="en-US")
    profile.unsignedPayload = unsigned_payload
    return CvmClient(credential.Credential(SECRET_ID, secret_key), REGION, profile)


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


def test_a_payload_may_stay_unsigned(port: int) -> None:
    assert client(port, unsigned_payload=True).DescribeInstances(describe()).TotalCount == 0


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
