"""The SDK of the legacy API, unmodified, with its own host name: it speaks nothing but HTTPS, and `vmsim run` leads it
here."""

from __future__ import annotations

import fcntl
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from vmsim import config
from vmsim.config import DEFAULT_REGION
from vmsim.host import command

from .homes import BOOT_LIMIT, NANO, RunningHome, until

pytestmark = pytest.mark.guest

PASSWORD = "legacy12"
RUNNING, STOPPED = 2, 4
EARLY_API_3 = {"Version": "2017-03-12", "Region": DEFAULT_REGION}
"""Served at the legacy path too; the only one of the two that launches and terminates here."""
PROGRAM = """
import json, sys
from QcloudApi.qcloudapi import QcloudApi

config, action, params = (json.loads(word) for word in sys.argv[1:])
print(QcloudApi("cvm", config).call(action, params).decode())
"""


@pytest.fixture(scope="module")
def python_with_sdk() -> Path:
    """In an environment of its own, made at first use."""
    folder = config.cache() / "venv-qcloudapi"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            command.run([sys.executable, "-m", "venv", "--clear", folder], timeout=120)
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            command.run([*pip, "qcloudapi-sdk-python>=2.0.15,<3"], timeout=300)
            (folder / "complete").touch()
    return folder / "bin" / "python"


class Qcloud:
    """`vmsim run -- python program.py`, which says `QcloudApi("cvm", config).call(action, params)`."""

    def __init__(self, python: Path, cloud: RunningHome) -> None:
        key = json.loads(cloud.home.credentials.read_text())
        self._argv = [sys.executable, "-m", "vmsim", "run", "--", str(python), "-c", PROGRAM]
        self._config = {"Region": "gz", "secretId": key["secret_id"], "secretKey": key["secret_key"]}
        self._environment = {"VMSIM_HOME": str(cloud.home.root)}

    def __call__(self, action: str, params: dict[str, Any], **settings: str) -> dict[str, Any]:
        words = [json.dumps(word) for word in ({**self._config, **settings}, action, params)]
        done = command.run([*self._argv, *words], env=self._environment, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def shown(self, ident: str) -> dict[str, Any]:
        (found,) = self("DescribeInstances", {"instanceIds": [ident]})["instanceSet"]
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def qcloud(python_with_sdk: Path, cloud: RunningHome) -> Qcloud:
    return Qcloud(python_with_sdk, cloud)


each_method_and_signature = pytest.mark.parametrize(
    ("method", "digest"), [(method, digest) for method in ("GET", "POST") for digest in ("HmacSHA1", "HmacSHA256")]
)


@each_method_and_signature
def test_the_life_of_an_instance(qcloud: Qcloud, cloud: RunningHome, method: str, digest: str) -> None:
    """Nothing, running, stopped, resized, running, gone: by the SDK alone."""
    form = {"method": method, "SignatureMethod": digest}
    image = qcloud("DescribeImages", {}, **form, **EARLY_API_3)["Response"]["ImageSet"][0]["ImageId"]
    wanted = {"ImageId": image, "InstanceType": NANO, "Placement": {"Zone": f"{DEFAULT_REGION}-3"}}
    (ident,) = qcloud("RunInstances", wanted, **form, **EARLY_API_3)["Response"]["InstanceIdSet"]
    until(lambda: qcloud.shown(ident)["status"] == RUNNING, BOOT_LIMIT)
    resized = {"instanceId": ident, "cpu": 2, "mem": 1}
    assert qcloud("ResizeInstanceHour", resized, **form)["code"] == 5100
    first = cloud.running_qemu(ident).pid

    assert qcloud("StopInstances", {"instanceIds": [ident], "forceStop": 1}, **form)["code"] == 0
    until(lambda: qcloud.shown(ident)["status"] == STOPPED, BOOT_LIMIT)
    assert cloud.qemu(ident) is None
    done(cloud, ident, qcloud("ResizeInstanceHour", resized, **form))
    assert (qcloud.shown(ident)["status"], qcloud.shown(ident)["cpu"]) == (STOPPED, 2)
    assert qcloud("StartInstances", {"instanceIds": [ident]}, **form)["code"] == 0
    until(lambda: qcloud.shown(ident)["status"] == RUNNING, BOOT_LIMIT)
    again = cloud.running_qemu(ident)
    words = again.cmdline()
    assert again.pid != first and words[words.index("-smp") + 1].split(",")[0] == "2"

    assert "Error" not in qcloud("TerminateInstances", {"InstanceIds": [ident]}, **form, **EARLY_API_3)["Response"]
    until(lambda: qcloud("DescribeInstances", {"instanceIds": [ident]}, **form)["totalCount"] == 0)
    assert cloud.qemu(ident) is None and not cloud.home.instance(ident).exists()


@each_method_and_signature
def test_each_method_and_signature(qcloud: Qcloud, method: str, digest: str) -> None:
    params = {"searchWord": "nobody's a b/\u00fc+&="}
    answer = qcloud("DescribeInstances", params, method=method, SignatureMethod=digest)
    assert (answer["code"], answer["codeDesc"], answer["totalCount"]) == (0, "Success", 0)


def test_refusals_come_as_answers(qcloud: Qcloud) -> None:
    assert qcloud("DescribeInstances", {}, secretKey="another")["code"] == 4100
    assert qcloud("DescribeInstances", {}, secretId="AKIDanother")["code"] == 4104
    assert qcloud("FlyInstances", {})["code"] == 6100
    assert qcloud("DescribeInstances", {"Nonce": 7})["code"] == 0
    assert qcloud("DescribeInstances", {"Nonce": 7})["code"] == 4500


def test_the_early_api_3_at_the_same_path(qcloud: Qcloud) -> None:
    answer = qcloud("StopInstances", {"InstanceIds": ["ins-00000000"]}, **EARLY_API_3)
    assert answer["Response"]["Error"]["Code"] == "InvalidInstanceId.NotFound"


def test_a_batch_of_a_running_and_a_stopped_one(qcloud: Qcloud, cloud: RunningHome) -> None:
    running, stopped = (made["id"] for made in cloud.launch("running", "stopped"))
    boot = cloud.inside(running, "cat /proc/sys/kernel/random/boot_id; nproc").split()
    assert boot[1] == "1"
    cloud.do(stopped, "stop", stop_type="HARD")
    key = cloud.api("CreateKeyPair", KeyName="legacy", ProjectId=0)["KeyPair"]

    since = cloud.journal.position
    answer = qcloud("StopInstances", {"instanceIds": [running, stopped]})
    print(json.dumps(answer, indent=4))
    assert answer["code"] == 5400
    assert answer["detail"][running]["code"] == 0
    assert answer["detail"][stopped]["code"] == 5100
    assert answer["detail"][stopped]["message"].startswith("(OperationConstraints.InvaildInstanceStatus)")
    ended = cloud.settled(cloud.operations(running)[0])
    assert ended["evidence"]["stop"]["ending"] == "shut itself down"
    assert cloud.qemu(running) is None
    assert cloud.journal.states(running, since) == ["STOPPED"]
    assert cloud.journal.states(stopped, since) == []
    assert [qcloud.shown(ident)["status"] for ident in (running, stopped)] == [STOPPED, STOPPED]

    done(cloud, running, qcloud("ResetInstancePassword", {"instanceIds": [running], "password": PASSWORD}))
    done(cloud, running, qcloud("ResizeInstanceHour", {"instanceId": running, "cpu": 2, "mem": 1}))
    done(cloud, stopped, qcloud("BindInstanceKey", {"instanceIds": [stopped], "keyId": key["KeyId"]}))

    answer = qcloud("StartInstances", {"instanceIds": [running, stopped]}, method="POST")
    assert answer["code"] == 0 and {entry["code"] for entry in answer["detail"].values()} == {0}
    for ident in (running, stopped):
        cloud.settled(cloud.operations(ident)[0])
        cloud.wait_up(ident)
        assert qcloud.shown(ident)["status"] == RUNNING
    assert qcloud.shown(running)["cpu"] == 2
    again = cloud.inside(running, "cat /proc/sys/kernel/random/boot_id; nproc").split()
    assert again[1] == "2" and again[0] != boot[0]
    assert cloud.inside(stopped, "echo in", key=key["PrivateKey"]) == "in"
    refused = qcloud("ResetInstancePassword", {"instanceIds": [running, stopped], "password": "another12"})
    assert refused["code"] == 5100 and {entry["code"] for entry in refused["detail"].values()} == {5100}

    restarted = qcloud("RestartInstances", {"instanceIds": [stopped], "forceStop": 1})
    assert restarted["code"] == 0
    cloud.settled(cloud.operations(stopped)[0])
    assert qcloud.shown(stopped)["status"] == RUNNING


def test_a_password_of_two_classes_lets_in(qcloud: Qcloud, cloud: RunningHome) -> None:
    (made,) = cloud.launch("words", password="First-pass-1")
    ident = made["id"]
    assert qcloud("StopInstances", {"instanceIds": [ident], "forceStop": 1})["code"] == 0
    cloud.settled(cloud.operations(ident)[0])
    done(cloud, ident, qcloud("ResetInstancePassword", {"instanceIds": [ident], "password": PASSWORD}))
    assert qcloud("StartInstances", {"instanceIds": [ident]})["code"] == 0
    cloud.settled(cloud.operations(ident)[0])
    cloud.wait_up(ident)
    assert cloud.inside(ident, "echo in", password=PASSWORD) == "in"


def done(cloud: RunningHome, ident: str, answer: dict[str, Any]) -> None:
    assert answer["code"] == 0, answer
    ended = cloud.settled(cloud.operations(ident)[0])
    assert ended["state"] == "SUCCESS", ended["error"]
