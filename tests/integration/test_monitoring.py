"""What Monitor says of a real guest that works, and of one that has been stopped; and who STS says is asking."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from vmsim.config import DEFAULT_REGION

from .homes import RunningHome, View, running_home, until

pytestmark = pytest.mark.guest

INTERVAL = 2
PERIOD = 10
LIMIT = 90.0


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(tmp_path_factory.mktemp("monitor") / "home", sample_interval=INTERVAL) as made:
        yield made


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (made,) = cloud.launch("busy")
    return made


def ask(cloud: RunningHome, service: str, version: str, action: str, **members: Any) -> View:
    """By the SDK's client for whatever service."""
    key = json.loads(cloud.home.credentials.read_text())
    http = HttpProfile(endpoint=f"127.0.0.1:{cloud.lab.status().port}", protocol="http", reqTimeout=30)
    signer = credential.Credential(key["secret_id"], key["secret_key"])
    client = CommonClient(service, version, signer, DEFAULT_REGION, ClientProfile(httpProfile=http))
    reply: View = client.call_json(action, members)["Response"]
    return reply


def series(cloud: RunningHome, ident: str, metric: str, since: float) -> dict[int, float]:
    """The values by time, from then on."""
    reply = ask(
        cloud,
        "monitor",
        "2018-07-24",
        "GetMonitorData",
        Namespace="QCE/CVM",
        MetricName=metric,
        Period=PERIOD,
        Instances=[{"Dimensions": [{"Name": "InstanceId", "Value": ident}]}],
        StartTime=datetime.fromtimestamp(since, timezone.utc).isoformat(),
        EndTime=datetime.fromtimestamp(since + 1800, timezone.utc).isoformat(),
    )
    (found,) = reply["DataPoints"]
    assert min(found["Values"], default=0) >= 0
    return dict(zip(map(int, found["Timestamps"]), found["Values"], strict=True))


def largest(cloud: RunningHome, ident: str, metric: str, since: float) -> float:
    return max(series(cloud, ident, metric, since).values(), default=0.0)


def test_a_busy_processor(cloud: RunningHome, guest: View) -> None:
    """As busy as this machine lets it be: what the kernel says of the same QEMU is the measure."""
    qemu = cloud.running_qemu(guest["id"])
    cloud.inside(guest["id"], "(timeout 60 sh -c 'while :; do :; done' >/dev/null 2>&1 &)")
    began, before = time.time(), sum(qemu.cpu_times()[:2])
    until(lambda: len(series(cloud, guest["id"], "CPUUsage", began + PERIOD)) >= 3, LIMIT)
    given = 100 * (sum(qemu.cpu_times()[:2]) - before) / (time.time() - began)
    shown = series(cloud, guest["id"], "CPUUsage", began + PERIOD)
    print(f"CPUUsage of a busy loop: {shown}; of the kernel's own counting: {given:.0f} %")
    assert max(shown.values()) <= 100
    assert sum(shown.values()) / len(shown) == pytest.approx(min(given, 100), rel=0.4)


def test_a_disk_that_is_written_and_read(cloud: RunningHome, guest: View) -> None:
    began = time.time()
    cloud.inside(guest["id"], "dd if=/dev/urandom of=/root/data bs=1M count=16 && sync")
    cloud.inside(guest["id"], "echo 3 >/proc/sys/vm/drop_caches && cat /root/data >/dev/null")
    # Of 16 MiB within ten seconds at most 1638 KB/s remain; they may be spread over two periods.
    for metric in ("DiskWriteTraffic", "DiskReadTraffic"):
        until(lambda metric=metric: largest(cloud, guest["id"], metric, began) > 500, LIMIT)  # type: ignore[misc]
        print(f"{metric}: {series(cloud, guest['id'], metric, began)}")


def test_memory(cloud: RunningHome, guest: View) -> None:
    """As the guest tells it. An image that was built without a balloon driver tells nothing, and has no points."""
    began = time.time() - 60
    if cloud.client.get(f"/v1/instances/{guest['id']}/stats")["memory_seen"] is None:
        assert series(cloud, guest["id"], "CPUUsage", began) and not series(cloud, guest["id"], "MemUsed", began)
        return
    used = until(lambda: largest(cloud, guest["id"], "MemUsed", began), LIMIT)
    share = largest(cloud, guest["id"], "MemUsage", began)
    print(f"MemUsed {used} MB, MemUsage {share} %")
    assert 5 < used < 128 and 5 < share < 100


def test_network(cloud: RunningHome, guest: View) -> None:
    began = time.time()
    cloud.inside(guest["id"], "head -c 4000000 /dev/zero")
    for metric in ("LanOuttraffic", "LanOutpkg", "LanInpkg"):
        until(lambda metric=metric: largest(cloud, guest["id"], metric, began) > 0.1, LIMIT)  # type: ignore[misc]
        print(f"{metric}: {series(cloud, guest['id'], metric, began)}")


def test_a_stopped_guest_has_no_new_points_and_a_new_run_no_negative_ones(cloud: RunningHome, guest: View) -> None:
    cloud.do(guest["id"], "stop", stop_type="HARD")
    stopped = time.time()
    (other,) = cloud.launch("idle", wait=False)
    # Once the other one has points for a whole period after the stop, the stopped one would have had some, too.
    until(lambda: len(series(cloud, other["id"], "CPUUsage", stopped + PERIOD)) >= 2, LIMIT)
    assert series(cloud, guest["id"], "CPUUsage", stopped + PERIOD) == {}
    assert series(cloud, guest["id"], "CPUUsage", stopped - 60) != {}
    cloud.do(guest["id"], "start")
    begun = time.time()
    until(lambda: series(cloud, guest["id"], "CPUUsage", begun), LIMIT)
    for metric in ("DiskReadTraffic", "LanIntraffic"):
        assert min(series(cloud, guest["id"], metric, stopped - 60).values()) >= 0


def test_the_sdk_reaches_the_other_neighbours(cloud: RunningHome, guest: View) -> None:
    caller = ask(cloud, "sts", "2018-08-13", "GetCallerIdentity")
    name = f"qcs::cvm:{DEFAULT_REGION}:uin/{caller['AccountId']}:instance/{guest['id']}"
    tags = [{"TagKey": "by", "TagValue": "sdk"}]
    assert ask(cloud, "tag", "2018-08-13", "TagResources", ResourceList=[name], Tags=tags)["FailedResources"] == []
    assert cloud.described(guest["id"])["Tags"] == [{"Key": "by", "Value": "sdk"}]
    assert ask(cloud, "cam", "2019-01-16", "GetUserAppId")["OwnerUin"] == caller["AccountId"]
