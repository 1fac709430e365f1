"""The life of an instance as any client takes it: nothing, RUNNING, STOPPED, resized, gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import models
from tencentcloud.cvm.v20170312.cvm_client import CvmClient

from vmsim.config import DEFAULT_REGION
from vmsim.host import command

from .homes import BOOT_LIMIT, NANO, RunningHome, View, until

LARGER = "LAB2.NANO256"
SIGNATURES = ("TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1")
METHODS = ("POST", "GET")


class Refusal(Exception):
    """What a client says of an error: its code."""


class Ask(Protocol):
    """One request; the Response. Raises Refusal."""

    def __call__(self, action: str, **members: Any) -> View: ...


def code_of(ask: Ask, action: str, **members: Any) -> str:
    """The code of a refusal that must come."""
    try:
        reply = ask(action, **members)
    except Refusal as refusal:
        return str(refusal)
    raise AssertionError(f"{action} was not refused: {reply}")


def wait(ask: Ask, ident: str, **wanted: Any) -> View:
    """The instance as soon as it is so."""

    def found() -> View | None:
        (shown,) = ask("DescribeInstances", InstanceIds=[ident])["InstanceSet"]
        return shown if all(shown[name] == value for name, value in wanted.items()) else None

    return until(found, BOOT_LIMIT) or {}


def whole_life(ask: Ask, home: RunningHome) -> None:
    """Everything that changes is asked of the client alone; the guest and the host are looked at besides."""
    image = ask("DescribeImages")["ImageSet"][0]["ImageId"]
    placed: dict[str, Any] = {"Placement": {"Zone": f"{DEFAULT_REGION}-3"}, "SystemDisk": {"DiskSize": 20}}
    (ident,) = ask("RunInstances", ImageId=image, InstanceType=NANO, **placed)["InstanceIdSet"]
    one: dict[str, Any] = {"InstanceIds": [ident]}
    wait(ask, ident, InstanceState="RUNNING", LatestOperationState="SUCCESS")
    refused = code_of(ask, "ResetInstancesType", InstanceType=LARGER, **one)
    assert refused == "UnsupportedOperation.InstanceStateRunning"
    first = home.running_qemu(ident).pid
    ask("StopInstances", StopType="HARD", **one)
    wait(ask, ident, InstanceState="STOPPED", LatestOperation="StopInstances", LatestOperationState="SUCCESS")
    assert home.qemu(ident) is None
    ask("ResetInstancesType", InstanceType=LARGER, **one)
    shown = wait(ask, ident, LatestOperation="ResetInstancesType", LatestOperationState="SUCCESS")
    assert (shown["InstanceState"], shown["CPU"]) == ("STOPPED", 2)
    ask("ResizeInstanceDisks", InstanceId=ident, SystemDisk={"DiskSize": 30})
    shown = wait(ask, ident, LatestOperation="ResizeInstanceDisks", LatestOperationState="SUCCESS")
    assert (shown["InstanceState"], shown["SystemDisk"]["DiskSize"]) == ("STOPPED", 30)
    ask("StartInstances", **one)
    wait(ask, ident, InstanceState="RUNNING", LatestOperationState="SUCCESS")
    again = home.running_qemu(ident)
    words = again.cmdline()
    assert again.pid != first and words[words.index("-smp") + 1].split(",")[0] == "2"
    ask("TerminateInstances", **one)
    until(lambda: ask("DescribeInstances", **one)["TotalCount"] == 0)
    assert code_of(ask, "StartInstances", **one) == "InvalidInstanceId.NotFound"
    assert home.qemu(ident) is None and not home.home.instance(ident).exists()


def environment(home: RunningHome) -> dict[str, str]:
    """What an SDK takes its key from."""
    key = json.loads(home.home.credentials.read_text())
    return {
        "TENCENTCLOUD_SECRET_ID": key["secret_id"],
        "TENCENTCLOUD_SECRET_KEY": key["secret_key"],
        "TENCENTCLOUD_REGION": DEFAULT_REGION,
    }


def endpoint(home: RunningHome) -> str:
    return f"127.0.0.1:{home.lab.status().port}"


def _profile(home: RunningHome, signature: str, method: str) -> ClientProfile:
    http = HttpProfile(protocol="http", endpoint=endpoint(home), reqMethod=method, reqTimeout=60)
    return ClientProfile(signMethod=signature, httpProfile=http)


def _key(home: RunningHome) -> credential.Credential:
    key = json.loads(home.home.credentials.read_text())
    return credential.Credential(key["secret_id"], key["secret_key"])


def typed_sdk(home: RunningHome, signature: str, method: str) -> Ask:
    """The SDK for Python by its generated methods and models."""
    client = CvmClient(_key(home), DEFAULT_REGION, _profile(home, signature, method))

    def ask(action: str, **members: Any) -> View:
        request = getattr(models, f"{action}Request")()
        request._deserialize(members)
        try:
            reply: View = json.loads(getattr(client, action)(request).to_json_string())
        except TencentCloudSDKException as error:
            raise Refusal(error.get_code()) from error
        return reply

    return ask


def common_client(
    home: RunningHome, signature: str, method: str, service: str = "cvm", version: str = "2017-03-12"
) -> Ask:
    """The SDK for Python without models: what many programs use, for any service."""
    client = CommonClient(service, version, _key(home), DEFAULT_REGION, _profile(home, signature, method))

    def ask(action: str, **members: Any) -> View:
        try:
            reply: View = client.call_json(action, members)["Response"]
        except TencentCloudSDKException as error:
            raise Refusal(error.get_code()) from error
        return reply

    return ask


def program(
    home: RunningHome, argv: list[str | Path], signature: str, method: str, more: Mapping[str, str] | None = None
) -> Ask:
    """A program of `asking/` that sends one request and prints what came."""
    given = {**environment(home), **(more or {})}

    def ask(action: str, **members: Any) -> View:
        words = [endpoint(home), signature, method, action, json.dumps(members)]
        printed = json.loads(command.run([*argv, *words], env=given, timeout=120).stdout)
        if "Error" in printed:
            assert printed["RequestId"], printed
            raise Refusal(printed["Error"])
        reply: View = printed["Response"]
        return reply

    return ask
