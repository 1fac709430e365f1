"""The SDK of the legacy API, unmodified, with its own host name: it speaks HTTPS through a proxy that ends here."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vmsim import config
from vmsim.host import command

from .homes import RunningHome
from .tls_front import TlsFront, tls_front

pytestmark = pytest.mark.guest

HOST = "cvm.api.qcloud.com"
PASSWORD = "legacy12"
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


@pytest.fixture(scope="module")
def front(cloud: RunningHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsFront]:
    with tls_front(tmp_path_factory.mktemp("front"), HOST, cloud.lab.status().port) as made:
        yield made


class Qcloud:
    """`QcloudApi("cvm", config).call(action, params)`."""

    def __init__(self, python: Path, cloud: RunningHome, front: TlsFront) -> None:
        key = json.loads(cloud.home.credentials.read_text())
        self._python = python
        self._config = {"Region": "gz", "secretId": key["secret_id"], "secretKey": key["secret_key"]}
        self._environment = {"HTTPS_PROXY": front.url, "SSL_CERT_FILE": str(front.certificate)}

    def __call__(self, action: str, params: dict[str, Any], **settings: str) -> dict[str, Any]:
        words = [json.dumps(word) for word in ({**self._config, **settings}, action, params)]
        done = command.run([str(self._python), "-c", PROGRAM, *words], env=self._environment, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def shown(self, ident: str) -> dict[str, Any]:
        (found,) = self("DescribeInstances", {"instanceIds": [ident]})["instanceSet"]
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def qcloud(python_with_sdk: Path, cloud: RunningHome, front: TlsFront) -> Qcloud:
    return Qcloud(python_with_sdk, cloud, front)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("digest", ["HmacSHA1", "HmacSHA256"])
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
    answer = qcloud("StopInstances", {"InstanceIds": ["ins-00000000"]}, Version="2017-03-12", Region="ap-guangzhou")
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
    assert [qcloud.shown(ident)["status"] for ident in (running, stopped)] == [4, 4]

    done(cloud, running, qcloud("ResetInstancePassword", {"instanceIds": [running], "password": PASSWORD}))
    done(cloud, running, qcloud("ResizeInstanceHour", {"instanceId": running, "cpu": 2, "mem": 1}))
    done(cloud, stopped, qcloud("BindInstanceKey", {"instanceIds": [stopped], "keyId": key["KeyId"]}))

    answer = qcloud("StartInstances", {"instanceIds": [running, stopped]}, method="POST")
    assert answer["code"] == 0 and {entry["code"] for entry in answer["detail"].values()} == {0}
    for ident in (running, stopped):
        cloud.settled(cloud.operations(ident)[0])
        cloud.wait_up(ident)
        assert qcloud.shown(ident)["status"] == 2
    assert qcloud.shown(running)["cpu"] == 2
    again = cloud.inside(running, "cat /proc/sys/kernel/random/boot_id; nproc").split()
    assert again[1] == "2" and again[0] != boot[0]
    assert cloud.inside(stopped, "echo in", key=key["PrivateKey"]) == "in"
    refused = qcloud("ResetInstancePassword", {"instanceIds": [running, stopped], "password": "another12"})
    assert refused["code"] == 5100 and {entry["code"] for entry in refused["detail"].values()} == {5100}

    restarted = qcloud("RestartInstances", {"instanceIds": [stopped], "forceStop": 1})
    assert restarted["code"] == 0
    cloud.settled(cloud.operations(stopped)[0])
    assert qcloud.shown(stopped)["status"] == 2


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
