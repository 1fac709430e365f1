"""Disks as tests use them: by Tencent's API, waited for, and looked at inside a guest."""

from __future__ import annotations

import json
from typing import Any

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from vmsim.config import DEFAULT_REGION
from vmsim.model.regions import region

from .homes import LIMIT, RunningHome, View, until

ZONE = region(DEFAULT_REGION).zone_names()[0]
PLAIN = {"Placement": {"Zone": ZONE}, "DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_PREMIUM"}


def cbs(cloud: RunningHome, action: str, **members: Any) -> View:
    """Signed, over TCP; the Response."""
    key = json.loads(cloud.home.credentials.read_text())
    profile = ClientProfile(
        httpProfile=HttpProfile(endpoint=f"127.0.0.1:{cloud.lab.status().port}", protocol="http", reqTimeout=30),
        language="en-US",
    )
    cred = credential.Credential(key["secret_id"], key["secret_key"])
    client = CommonClient("cbs", "2017-03-12", cred, DEFAULT_REGION, profile)
    reply: View = client.call_json(action, members)["Response"]
    return reply


def refusal(cloud: RunningHome, action: str, **members: Any) -> str:
    """The code of an error that must come."""
    try:
        reply = cbs(cloud, action, **members)
    except TencentCloudSDKException as error:
        return str(error.get_code())
    raise AssertionError(f"{action} was not refused: {reply}")


def disk(cloud: RunningHome, ident: str) -> View:
    (found,) = cbs(cloud, "DescribeDisks", DiskIds=[ident])["DiskSet"]
    return dict(found)


def described(cloud: RunningHome, ident: str) -> list[View]:
    """[] when it is not there (yet, or any more)."""
    return list(cbs(cloud, "DescribeDisks", DiskIds=[ident])["DiskSet"])


def created(cloud: RunningHome, size: int = 10, **more: Any) -> str:
    """The id of a new disk, when it is there."""
    (ident,) = cbs(cloud, "CreateDisks", **{**PLAIN, "DiskSize": size, **more})["DiskIdSet"]
    until(lambda: described(cloud, ident))
    return str(ident)


def settled(cloud: RunningHome, ident: str, limit: float = LIMIT) -> View:
    """When nothing is under way on it."""
    steady = ("ATTACHED", "UNATTACHED", "TORECYCLE")
    until(lambda: disk(cloud, ident)["DiskState"] in steady, limit)
    return disk(cloud, ident)


def attached(cloud: RunningHome, ident: str, instance_id: str, **more: Any) -> View:
    cbs(cloud, "AttachDisks", InstanceId=instance_id, DiskIds=[ident], **more)
    found = settled(cloud, ident)
    assert (found["DiskState"], found["InstanceId"]) == ("ATTACHED", instance_id), found
    return found


def detached(cloud: RunningHome, ident: str) -> View:
    cbs(cloud, "DetachDisks", DiskIds=[ident])
    found = settled(cloud, ident)
    assert (found["DiskState"], found["ErrorPrompt"]) == ("UNATTACHED", ""), found
    return found


def device(cloud: RunningHome, instance_id: str, ident: str) -> str:
    """The guest's name for the disk, by its serial; "" when it has none."""
    found = cloud.inside(instance_id, f"grep -l {ident} /sys/block/*/serial || true")
    return found.split("/")[3] if found else ""
