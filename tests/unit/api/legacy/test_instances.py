from __future__ import annotations

import uuid

import pytest

from cloud_fixture import IMAGE, launched, put, settled
from vmsim.api.legacy.instance_view import STATUS
from vmsim.cloud.context import Cloud
from vmsim.model.launch import DataDiskRequest
from vmsim.model.lifecycle import InstanceState

from .legacy_wire import LegacyClient, ids


def test_every_state_has_a_number() -> None:
    assert set(STATUS) == set(InstanceState)
    assert (STATUS[InstanceState.RUNNING], STATUS[InstanceState.STOPPED]) == (2, 4)
    assert len(set(STATUS.values())) == len(STATUS)


def test_an_instance_as_it_is_shown(client: LegacyClient, cloud: Cloud) -> None:
    made = launched(
        cloud, zone="ap-guangzhou-3", name="web", data_disks=(DataDiskRequest(size_gib=10),), bandwidth_out=5
    )
    (shown,) = client.call("DescribeInstances", ids(made.id))["instanceSet"]
    assert shown["instanceId"] == f"qcvm{uuid.UUID(made.uuid).hex}"
    assert (shown["unInstanceId"], shown["uuid"], shown["instanceName"]) == (made.id, made.uuid, "web")
    assert (shown["status"], shown["cpu"], shown["mem"], shown["os"]) == (4, made.cpu, 1, IMAGE.os_name)
    assert (shown["Region"], shown["zoneId"], shown["zoneName"]) == ("gz", 100003, "Guangzhou Zone 3")
    assert (shown["lanIp"], shown["wanIpSet"]) == (made.private_ip, [made.public_ip])
    assert shown["deadlineTime"] == "0000-00-00 00:00" and shown["createTime"][4] == "-"
    assert (shown["cvmPayMode"], shown["bandwidth"], shown["unImgId"]) == (2, 5, made.image_id)
    disk = made.data_disks[0]
    assert shown["diskInfo"] | {"rootType": 0, "storageType": 0} == {
        "rootId": made.system_disk.id,
        "rootSize": made.system_disk.size_gib,
        "rootType": 0,
        "storageId": disk.id,
        "storageSize": 10,
        "storageType": 0,
    }
    assert all(isinstance(shown[name], int) for name in ("vpcId", "subnetId", "imageId", "projectId", "autoRenew"))


@pytest.mark.parametrize(
    ("params", "names", "total"),
    [
        ({}, "cba", 3),
        ({"searchWord": "a"}, "a", 1),
        ({"status": "2"}, "b", 1),
        ({"status": "4", "limit": "1"}, "c", 2),
        ({"zoneId": "100003"}, "c", 1),
        ({"projectId": "7"}, "c", 1),
        ({"offset": "1"}, "ba", 3),
        ({"offset": "1", "limit": "1"}, "b", 3),
        ({"offset": "5"}, "", 3),
    ],
)
def test_filters_and_pages(client: LegacyClient, cloud: Cloud, params: dict[str, str], names: str, total: int) -> None:
    launched(cloud, name="a")
    launched(cloud, InstanceState.RUNNING, name="b")
    launched(cloud, name="c", zone="ap-guangzhou-3", project_id=7)
    reply = client.call("DescribeInstances", params)
    assert "".join(shown["instanceName"] for shown in reply["instanceSet"]) == names
    assert reply["totalCount"] == total


def test_by_address(client: LegacyClient, cloud: Cloud) -> None:
    one, two = launched(cloud, bandwidth_out=5), launched(cloud)
    for address in (one.private_ip, one.public_ip):
        (shown,) = client.call("DescribeInstances", {"lanIps.0": address})["instanceSet"]
        assert shown["unInstanceId"] == one.id
    both = client.call("DescribeInstances", {"lanIps.0": one.public_ip, "lanIps.1": two.private_ip})
    assert both["totalCount"] == 2


def test_an_id_that_is_not_there_is_not_in_the_answer(client: LegacyClient, cloud: Cloud) -> None:
    there = launched(cloud)
    reply = client.call("DescribeInstances", ids(there.id, "ins-00000000", "qcvm" + "0" * 32))
    assert [shown["unInstanceId"] for shown in reply["instanceSet"]] == [there.id]
    assert client.call("DescribeInstances", ids("nonsense"))["code"] == 4000


def test_a_limit_has_bounds(client: LegacyClient) -> None:
    for limit in ("0", "101", "x"):
        assert client.call("DescribeInstances", {"limit": limit})["code"] == 4000


def test_an_edit_under_way_shows(client: LegacyClient, cloud: Cloud) -> None:
    ident = launched(cloud).id

    def status() -> int:
        found: int = client.call("DescribeInstances", ids(ident))["instanceSet"][0]["status"]
        return found

    client.call("ResetInstancePassword", {**ids(ident), "password": "abcd1234"})
    assert status() == 10
    settled(cloud, ident)
    assert status() == 4
    client.call("ResizeInstanceHour", {"instanceId": ident, "cpu": 2})
    assert status() == 19


def test_what_is_in_the_recycle_bin_is_returned(client: LegacyClient, cloud: Cloud) -> None:
    ident = launched(cloud).id
    put(cloud, ident, state=InstanceState.SHUTDOWN)
    assert client.call("DescribeInstances", ids(ident))["instanceSet"][0]["status"] == 5
