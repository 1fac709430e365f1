"""Tencent's own command line, unmodified, by both ways in: an instance from its launch to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vmsim.config import DEFAULT_REGION
from vmsim.host import command

from .homes import NANO, RunningHome
from .lives import endpoint, environment

pytestmark = pytest.mark.guest

PASSWORD = "Changed-pass-2"


class Tccli:
    """`tccli SERVICE …` by one of the two ways to get here: the home's endpoint, or `vmsim run` and none at all."""

    def __init__(self, program: Path, cloud: RunningHome, folder: Path, way: str) -> None:
        self._program = str(program)
        if way == "vmsim run":
            self._before: list[str] = [sys.executable, "-m", "vmsim", "run", "--"]
            self._after: list[str] = []
            self._environment = {"HOME": str(folder), "VMSIM_HOME": str(cloud.home.root)}
        else:
            self._before, self._after = [], ["--endpoint", f"http://{endpoint(cloud)}"]
            self._environment = {"HOME": str(folder), **environment(cloud)}

    def run(self, action: str, *words: str, service: str = "cvm", **members: Any) -> subprocess.CompletedProcess[str]:
        given = [word for name, value in members.items() for word in (f"--{name}", _text(value))]
        argv = [*self._before, self._program, service, action, *given, *words, *self._after]
        return command.run(argv, env=self._environment, check=False, timeout=240)

    def __call__(self, action: str, *words: str, **members: Any) -> dict[str, Any]:
        done = self.run(action, *words, **members)
        assert done.returncode == 0, (done.stdout, done.stderr)
        # A waiter says what it waits for before the answer.
        answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return answer

    def refused(self, action: str, service: str = "cvm", **members: Any) -> str:
        done = self.run(action, service=service, **members)
        assert done.returncode == 255, done
        return done.stderr + done.stdout

    def wait(self, ident: str, member: str, to: str) -> dict[str, Any]:
        waiter = {"expr": f"InstanceSet[0].{member}", "to": to, "timeout": 120, "interval": 1}
        answer = self("DescribeInstances", "--waiter", json.dumps(waiter), InstanceIds=[ident])
        found: dict[str, Any] = answer["InstanceSet"][0]
        return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture(params=["--endpoint", "vmsim run"])
def tccli(request: pytest.FixtureRequest, tccli_program: Path, cloud: RunningHome, tmp_path: Path) -> Tccli:
    return Tccli(tccli_program, cloud, tmp_path, request.param)


def test_the_life_of_an_instance(tccli: Tccli, cloud: RunningHome) -> None:
    image = tccli("DescribeImages")["ImageSet"][0]["ImageId"]
    (ident,) = tccli(
        "RunInstances",
        Placement={"Zone": "ap-guangzhou-3"},
        ImageId=image,
        InstanceType=NANO,
        SystemDisk={"DiskSize": 20},
        LoginSettings={"Password": "First-pass-1"},
    )["InstanceIdSet"]
    tccli.wait(ident, "InstanceState", "RUNNING")
    refused = tccli.refused("ResetInstancesType", InstanceIds=[ident], InstanceType="LAB2.NANO256")
    assert "UnsupportedOperation.InstanceStateRunning" in refused
    cloud.wait_up(ident)
    first = cloud.inside(ident, "cat /proc/sys/kernel/random/boot_id", password="First-pass-1")

    tccli("StopInstances", InstanceIds=[ident], StopType="SOFT")
    assert tccli.wait(ident, "InstanceState", "STOPPED")["LatestOperation"] == "StopInstances"

    one = {"InstanceIds": [ident]}
    edits: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ResetInstancesType", {**one, "InstanceType": "LAB2.NANO256"}),
        ("ResizeInstanceDisks", {"InstanceId": ident, "SystemDisk": {"DiskSize": 30}}),
        ("ResetInstancesPassword", {**one, "Password": PASSWORD}),
    )
    for action, members in edits:
        tccli(action, **members)
        now = tccli.wait(ident, "LatestOperationState", "SUCCESS")
        assert (now["LatestOperation"], now["InstanceState"]) == (action, "STOPPED")

    tccli("StartInstances", InstanceIds=[ident])
    shown = tccli.wait(ident, "InstanceState", "RUNNING")
    assert (shown["InstanceType"], shown["CPU"], shown["SystemDisk"]["DiskSize"]) == ("LAB2.NANO256", 2, 30)
    cloud.wait_up(ident)
    line = "nproc; cat /sys/class/block/vda/size /proc/sys/kernel/random/boot_id"
    cpus, sectors, boot = cloud.inside(ident, line, password=PASSWORD).split()
    assert (cpus, int(sectors)) == ("2", 30 * 2**21) and boot != first

    tccli("TerminateInstances", InstanceIds=[ident])
    tccli("DescribeInstances", "--waiter", json.dumps({"expr": "TotalCount", "to": 0, "timeout": 60, "interval": 1}))
    assert "InvalidInstanceId.NotFound" in tccli.refused("StartInstances", InstanceIds=[ident])
    assert not cloud.home.instance(ident).exists() and cloud.qemu(ident) is None


def test_a_service_that_is_not_simulated_says_so(tccli: Tccli) -> None:
    """tccli forgets an endpoint that was configured for `as`, and no other: it is the way in that brings it here."""
    said = tccli.refused("DescribeAutoScalingGroups", service="as")
    assert "code:UnsupportedOperation message:The action DescribeAutoScalingGroups of as is not simulated" in said


def test_the_homes_role_is_enough(tccli_program: Path, cloud: RunningHome, tmp_path: Path) -> None:
    """As on an instance of the cloud: no key anywhere, the metadata (here by way of http_proxy) tells one that ends."""
    url = f"http://{endpoint(cloud)}"
    argv = [str(tccli_program), "cvm", "DescribeZones", "--region", DEFAULT_REGION, "--endpoint", url]
    environment = {"HOME": str(tmp_path), "http_proxy": url}
    done = command.run([*argv, "--use-cvm-role"], env=environment, check=False, timeout=240)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert json.loads(done.stdout)["TotalCount"] > 0
    assert command.run(argv, env=environment, check=False, timeout=240).returncode != 0


if os.geteuid() == 0:

    def test_another_user_of_this_machine_gets_no_key(cloud: RunningHome) -> None:
        url = f"http://{endpoint(cloud)}/latest/meta-data/"
        program = (
            "import sys, urllib.error, urllib.request as u\n"
            "for path in ('cam/security-credentials/vmsim', 'placement/region'):\n"
            "    asked = u.Request(sys.argv[1] + path, headers={'Host': 'metadata.tencentyun.com'})\n"
            "    try: print(u.urlopen(asked).status)\n"
            "    except urllib.error.HTTPError as error: print(error.code)\n"
        )
        words = ["/usr/bin/python3", "-c", program, url]
        assert command.run(words).stdout.split() == ["200", "200"]
        assert command.run(["runuser", "-u", "nobody", "--", *words], cwd=Path("/")).stdout.split() == ["404", "200"]
