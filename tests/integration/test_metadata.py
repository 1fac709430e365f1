"""What a guest is told about itself, asked from inside it."""

from __future__ import annotations

import base64
import json
import os
import signal

import pytest

from .homes import NANO, RunningHome, View

pytestmark = pytest.mark.guest

HOST = "http://metadata.tencentyun.com/latest"


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (key,) = cloud.launch("any", wait=False)  # makes the home's key
    (ident,) = cloud.api(
        "RunInstances",
        Placement={"Zone": "ap-guangzhou-1"},
        ImageId=key["image_id"],
        InstanceType=NANO,
        InstanceName="told",
        InternetAccessible={"InternetMaxBandwidthOut": 10},
        LoginSettings={"KeyIds": key["key_ids"]},
        CamRoleName="reader",
        UserData=base64.b64encode(b"#!/bin/true\n").decode(),
    )["InstanceIdSet"]
    assert cloud.settled(cloud.operations(ident)[0])["state"] == "SUCCESS"
    cloud.wait_up(ident)
    return cloud.instance(ident)


def told(cloud: RunningHome, guest: View, url: str) -> str:
    return cloud.inside(guest["id"], f"wget -q -O - {url}").strip()


def test_a_guest_is_told_about_itself(cloud: RunningHome, guest: View) -> None:
    wanted = {
        "instance-id": guest["id"],
        "instance-name": "told",
        "local-ipv4": guest["private_ip"],
        "public-ipv4": guest["public_ip"],
        "mac": guest["mac"].upper(),
        "placement/zone": guest["zone"],
        "instance/image-id": guest["image_id"],
        f"network/interfaces/macs/{guest['mac'].upper()}/subnet-id": guest["subnet_id"],
    }
    assert {path: told(cloud, guest, f"{HOST}/meta-data/{path}") for path in wanted} == wanted
    assert told(cloud, guest, f"{HOST}/user-data") == "#!/bin/true"
    assert told(cloud, guest, f"{HOST}/meta-data/public-keys/0/openssh-key").startswith("ssh-")
    assert told(cloud, guest, "http://169.254.169.254/2009-04-04/meta-data/local-hostname") == guest["host_name"]


def test_its_role_opens_the_api(cloud: RunningHome, guest: View) -> None:
    said = json.loads(told(cloud, guest, f"{HOST}/meta-data/cam/security-credentials/reader"))
    assert said["Code"] == "Success" and said["TmpSecretId"].startswith("AKID") and said["Token"]


def test_another_guest_is_told_of_itself_and_the_lab_of_nobody(cloud: RunningHome, guest: View) -> None:
    (other,) = cloud.launch("other")
    cloud.wait_up(other["id"])
    assert told(cloud, other, f"{HOST}/meta-data/instance-id") == other["id"]
    assert cloud.in_lab("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://169.254.0.23/latest") == "404"


def test_a_guest_that_asks_while_the_daemon_is_away_is_answered_by_the_next(cloud: RunningHome, guest: View) -> None:
    os.kill(cloud.lab.pid_of("daemon"), signal.SIGKILL)
    assert told(cloud, guest, f"{HOST}/meta-data/instance-id") == guest["id"]
