from __future__ import annotations

from typing import Any

import pytest

from cloud_fixture import launched
from vmsim.api.legacy.storages import storage
from vmsim.cloud import disk_query
from vmsim.cloud.context import Cloud
from vmsim.cloud.disk_query import DiskQuery
from vmsim.model.disk import DiskState
from vmsim.model.instance import Instance
from vmsim.model.launch import DataDiskRequest
from vmsim.model.lifecycle import InstanceState
from vmsim.store import disks

from .legacy_wire import LegacyClient


def made(cloud: Cloud) -> Instance:
    """Paid in advance, in zone 3, with two data disks: the second stands alone, in the recycle bin."""
    rows = (
        DataDiskRequest(size_gib=10, type="CLOUD_TSSD", name="data"),
        DataDiskRequest(size_gib=20, delete_with_instance=False, name="gone"),
    )
    place: dict[str, Any] = {"zone": "ap-guangzhou-3", "system_disk_gib": 50, "data_disks": rows}
    instance = launched(cloud, InstanceState.STOPPED, charge_type="PREPAID", prepaid_months=1, **place)
    with cloud.store.writing() as connection:
        fields = {"state": DiskState.TORECYCLE, "instance_id": "", "position": -1, "charge_type": "POSTPAID_BY_HOUR"}
        disks.change(connection, instance.data_disks[1].id, **fields)
    return instance


def test_a_disk_as_it_is_shown(client: LegacyClient, cloud: Cloud) -> None:
    instance = made(cloud)
    reply = client.call("DescribeCbsStorages", {"storageIds.0": instance.data_disks[0].id})
    (shown,) = reply["storageSet"]
    assert (reply["totalCount"], shown["storageId"], shown["storageName"]) == (1, instance.data_disks[0].id, "data")
    assert (shown["storageType"], shown["storageSize"], shown["storageStatus"]) == ("cloudSSD", 10, "normal")
    assert (shown["diskType"], shown["payMode"], shown["portable"]) == ("data", "prePay", 0)
    assert (shown["attached"], shown["uInstanceId"], shown["zoneId"]) == (1, instance.id, 100003)
    assert shown["createTime"][4] == shown["deadlineTime"][4] == "-" and shown["deadlineTime"] > shown["createTime"]
    (binned,) = client.call("DescribeCbsStorages", {"storageStatus.0": "toRecycle"})["storageSet"]
    assert (binned["attached"], binned["uInstanceId"], binned["portable"]) == (0, "", 1)


@pytest.mark.parametrize(
    ("params", "sizes"),
    [
        ({}, [10, 20, 50]),
        ({"diskType": "root"}, [50]),
        ({"diskType": "data"}, [10, 20]),
        ({"payMode": "postPay"}, [20]),
        ({"portable": "0"}, [10, 50]),
        ({"storageType": "cloudSSD"}, [10]),
        ({"storageType": "cloudPremium"}, [20, 50]),
        ({"storageStatus.0": "normal"}, [10, 50]),
        ({"storageStatus.0": "normal", "storageStatus.1": "toRecycle"}, [10, 20, 50]),
        ({"zone": "ap-guangzhou-3"}, [10, 20, 50]),
        ({"zone": "ap-guangzhou-4"}, []),
        ({"projectId": "0"}, [10, 20, 50]),
        ({"projectId": "7"}, []),
    ],
)
def test_filters(client: LegacyClient, cloud: Cloud, params: dict[str, str], sizes: list[int]) -> None:
    made(cloud)
    reply = client.call("DescribeCbsStorages", params)
    assert sorted(shown["storageSize"] for shown in reply["storageSet"]) == sizes
    assert reply["totalCount"] == len(sizes)


def test_pages_and_those_of_an_instance(client: LegacyClient, cloud: Cloud) -> None:
    instance = made(cloud)
    launched(cloud)
    of_it = {"uInstanceIds.0": instance.id}
    pages = [client.call("DescribeCbsStorages", {**of_it, "limit": 1, "offset": each}) for each in range(3)]
    assert [page["totalCount"] for page in pages] == [2, 2, 2]
    named = [shown["storageId"] for page in pages for shown in page["storageSet"]]
    assert sorted(named) == sorted(disk.id for disk in instance.disks[:2])


@pytest.mark.parametrize(
    "params", [{"diskType": "cdrom"}, {"limit": "0"}, {"storageIds.0": "disk"}, {"colour": "red"}, {"projectId": "x"}]
)
def test_what_is_asked_wrongly(client: LegacyClient, params: dict[str, str]) -> None:
    assert client.call("DescribeCbsStorages", params)["code"] == 4000


def test_every_state_has_a_word(client: LegacyClient, cloud: Cloud) -> None:
    instance = made(cloud)
    (disk,) = disk_query.query(cloud, DiskQuery(ids=(instance.data_disks[0].id,))).items
    words = {}
    for state in DiskState:
        with cloud.store.writing() as connection:
            disks.change(connection, disk.id, state=state)
        (now,) = disk_query.query(cloud, DiskQuery(ids=(disk.id,))).items
        words[state.value] = storage(now)["storageStatus"]
        asked = {"storageIds.0": disk.id, "storageStatus.0": words[state.value]}
        assert client.call("DescribeCbsStorages", asked)["totalCount"] == 1
    assert {state for state, word in words.items() if word != "normal"} == {"ATTACHING", "DETACHING", "TORECYCLE"}
