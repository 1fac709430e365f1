"""Asking for snapshots and images as any client does, and waiting for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from vmsim.config import DEFAULT_REGION
from vmsim.host import command

from .homes import BOOT_LIMIT, RunningHome, View, until


def cbs(cloud: RunningHome, action: str, **members: object) -> View:
    """Signed, over TCP; the Response."""
    key = json.loads(cloud.home.credentials.read_text())
    http = HttpProfile(endpoint=f"127.0.0.1:{cloud.lab.status().port}", protocol="http", reqTimeout=30)
    profile = ClientProfile(httpProfile=http, language="en-US")
    secret = credential.Credential(key["secret_id"], key["secret_key"])
    reply: View = CommonClient("cbs", "2017-03-12", secret, DEFAULT_REGION, profile).call_json(action, members)
    return reply["Response"]  # type: ignore[no-any-return]


def refused(ask: Callable[[], object]) -> str:
    """The code of an error that must come."""
    try:
        reply = ask()
    except TencentCloudSDKException as error:
        return str(error.get_code())
    raise AssertionError(f"not refused: {reply}")


def system_disk(cloud: RunningHome, ident: str) -> View:
    found: View = cloud.instance(ident)["disks"][0]
    return found


def snapshot(cloud: RunningHome, ident: str) -> View | None:
    found = cbs(cloud, "DescribeSnapshots", SnapshotIds=[ident])["SnapshotSet"]
    return found[0] if found else None


def snapshot_of(cloud: RunningHome, disk_id: str, name: str = "") -> View:
    """A new one, when it is NORMAL."""
    ident = cbs(cloud, "CreateSnapshot", DiskId=disk_id, SnapshotName=name)["SnapshotId"]
    return settled_snapshot(cloud, ident)


def settled_snapshot(cloud: RunningHome, ident: str) -> View:
    def normal() -> View:
        found = snapshot(cloud, ident)
        assert found is not None, "the snapshot failed"
        return found if found["SnapshotState"] == "NORMAL" else {}

    return until(normal, BOOT_LIMIT)


def snapshot_file(cloud: RunningHome, ident: str) -> Path:
    return cloud.home.snapshots / f"{ident}.qcow2"


def settled_image(cloud: RunningHome, ident: str, state: str = "NORMAL") -> View:
    def there() -> View:
        (found,) = cloud.api("DescribeImages", ImageIds=[ident])["ImageSet"]
        assert found["ImageState"] in (state, "CREATING", "IMPORTING"), found
        return found if found["ImageState"] == state else {}

    return until(there, BOOT_LIMIT)


def settled_instance(cloud: RunningHome, ident: str) -> View:
    """When nothing is under way on it."""
    until(lambda: cloud.instance(ident)["latest"]["state"] != "OPERATING", BOOT_LIMIT)
    return cloud.instance(ident)


def same_bytes(one: Path | str, other: Path | str) -> bool:
    return command.run(["qemu-img", "compare", "-U", one, other], check=False).returncode == 0


def whole(path: Path | str) -> bool:
    """The image is whole and depends on no other."""
    told = json.loads(command.run(["qemu-img", "info", "-U", "--output=json", path]).stdout)
    return "backing-filename" not in told and command.run(["qemu-img", "check", path], check=False).returncode == 0
