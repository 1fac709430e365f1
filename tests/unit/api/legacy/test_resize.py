from __future__ import annotations

import pytest

from cloud_fixture import launched, now, put
from vmsim.api.legacy.resize import fitting
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operations_of
from vmsim.model.instance import Instance
from vmsim.model.launch import DataDiskRequest
from vmsim.model.lifecycle import InstanceState, Verb

from .legacy_wire import LegacyClient

NANO = "LAB1.NANO128"


@pytest.fixture
def instance(cloud: Cloud) -> Instance:
    return launched(cloud, type_name=NANO, data_disks=(DataDiskRequest(size_gib=10),))


def asked(cloud: Cloud, instance: Instance) -> tuple[Verb, dict[str, object]]:
    record = operations_of(cloud, instance.id, 1)[0]
    return record.verb, record.arguments


@pytest.mark.parametrize(
    ("size", "type_name"),
    [
        ({"cpu": 2}, "LAB2.NANO128"),
        ({"cpu": 2, "mem": 1}, "LAB2.NANO128"),
        ({"cpu": 2, "mem": 2}, "S5.MEDIUM2"),
        ({"mem": 2, "storageSize": 0}, "S5.SMALL2"),
    ],
)
def test_more_cpu_and_memory(
    client: LegacyClient, cloud: Cloud, instance: Instance, size: dict[str, int], type_name: str
) -> None:
    reply = client.call("ResizeInstanceHour", {"instanceId": instance.id, **size})
    assert reply["code"] == 0 and isinstance(reply["dealIds"][0], int)
    assert asked(cloud, instance) == (Verb.RESET_TYPE, {"type_name": type_name})


def test_a_larger_data_disk(client: LegacyClient, cloud: Cloud, instance: Instance) -> None:
    assert client.call("ResizeInstanceHour", {"instanceId": instance.id, "storageSize": 20})["code"] == 0
    disk = instance.data_disks[0].id
    assert asked(cloud, instance) == (Verb.RESIZE_DISK, {"disk_id": disk, "size_gib": 20})


@pytest.mark.parametrize(
    ("size", "code", "name"),
    [
        ({}, 4000, "InvalidParameter"),
        ({"cpu": 1, "mem": 1, "storageSize": 10}, 4000, "InvalidParameter"),
        ({"storageSize": 15}, 4000, "InvalidParameter"),
        ({"cpu": "many"}, 4000, "InvalidParameter"),
        ({"bandwidth": 5}, 4000, "InvalidParameter"),
        ({"cpu": 2, "storageSize": 20}, 5100, "NotSupport"),
        ({"cpu": 7}, 5100, "NotSupport.InstanceConfig"),
    ],
)
def test_what_cannot_be_had(
    client: LegacyClient, cloud: Cloud, instance: Instance, size: dict[str, object], code: int, name: str
) -> None:
    reply = client.call("ResizeInstanceHour", {"instanceId": instance.id, **size})
    assert (reply["code"], reply["codeDesc"]) == (code, name)
    assert now(cloud, instance.id) == instance


def test_less_is_not_possible(client: LegacyClient, cloud: Cloud) -> None:
    big = launched(cloud, type_name="LAB2.NANO256")
    reply = client.call("ResizeInstanceHour", {"instanceId": big.id, "cpu": 1})
    assert (reply["code"], reply["codeDesc"]) == (5100, "NotSupport.InstanceConfig")


def test_only_what_is_off(client: LegacyClient, cloud: Cloud) -> None:
    running = launched(cloud, InstanceState.RUNNING, type_name=NANO)
    reply = client.call("ResizeInstanceHour", {"instanceId": running.id, "cpu": 2})
    assert (reply["code"], reply["codeDesc"]) == (5100, "OperationConstraints.InvaildInstanceStatus")


def test_buying_a_disk_is_not_simulated(client: LegacyClient, cloud: Cloud) -> None:
    reply = client.call("ResizeInstanceHour", {"instanceId": launched(cloud).id, "storageSize": 10})
    assert (reply["code"], reply["codeDesc"]) == (5100, "NotSupport")


def test_each_action_has_its_own_way_of_paying(client: LegacyClient, cloud: Cloud, instance: Instance) -> None:
    wanted = {"instanceId": instance.id, "cpu": 2}
    assert client.call("ResizeInstance", wanted)["codeDesc"] == "NotSupport.NotPrepaidUser"
    put(cloud, instance.id, charge_type="PREPAID")
    assert client.call("ResizeInstanceHour", wanted)["codeDesc"] == "NotSupport.InstanceConfig"
    assert client.call("ResizeInstance", {**wanted, "bandwidth": 5})["codeDesc"] == "NotSupport"
    assert client.call("ResizeInstance", wanted)["code"] == 0


def test_an_unknown_instance(client: LegacyClient) -> None:
    assert client.call("ResizeInstanceHour", {"instanceId": "ins-00000000", "cpu": 2})["code"] == 5000


def test_the_family_is_kept_where_it_has_the_size(instance: Instance) -> None:
    assert fitting(instance, 1, 256).name == "LAB1.NANO256"
    assert fitting(instance, 2, 256).name == "LAB2.NANO256"
