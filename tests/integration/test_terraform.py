"""The official Terraform provider's way through an instance's life, replayed on real guests."""

from __future__ import annotations

import base64

import pytest

from vmsim.config import DEFAULT_REGION

from .homes import NANO, RunningHome, until
from .terraform import Provider

pytestmark = pytest.mark.guest

FIRST, SECOND = "First-pass-1", "Second-pass-2"
LARGER = "LAB2.NANO256"
USER_DATA = base64.b64encode(b"#!/bin/sh\ntouch /from-terraform\n").decode()
INSTANCE = {
    "Placement": {"Zone": f"{DEFAULT_REGION}-3", "ProjectId": 0},
    "InstanceName": "terraform",
    "InstanceType": NANO,
    "HostName": "web1",
    "InstanceChargeType": "POSTPAID_BY_HOUR",
    "InternetAccessible": {
        "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
        "InternetMaxBandwidthOut": 5,
        "PublicIpAssigned": True,
    },
    "SystemDisk": {"DiskType": "CLOUD_PREMIUM", "DiskSize": 20},
    "DataDisks": [
        {
            "DiskType": "CLOUD_PREMIUM",
            "DiskSize": 10,
            "ThroughputPerformance": 0,
            "DeleteWithInstance": True,
            "Encrypt": False,
        }
    ],
    "EnhancedService": {"SecurityService": {"Enabled": False}, "MonitorService": {"Enabled": False}},
    "LoginSettings": {"Password": FIRST},
    "UserData": USER_DATA,
    "TagSpecification": [{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "terraform"}]}],
    "DisableApiTermination": False,
}


@pytest.fixture
def provider(cloud: RunningHome) -> Provider:
    return Provider(cloud)


def image(cloud: RunningHome) -> str:
    found: str = cloud.api("DescribeImages")["ImageSet"][0]["ImageId"]
    return found


def test_create_update_delete(cloud: RunningHome, provider: Provider) -> None:
    ident = provider.create(ImageId=image(cloud), **INSTANCE)
    made = provider.read(ident)
    assert made is not None
    assert (made["InstanceName"], made["HostName"], made["UserData"]) == ("terraform", "web1", USER_DATA)
    assert made["Tags"] == [{"Key": "owner", "Value": "terraform"}]
    cloud.wait_up(ident)
    assert cloud.inside(ident, "hostname; ls /from-terraform", password=FIRST) == "web1\n/from-terraform"

    # An apply that changes password, key, system disk and type of a running instance: force_stop is its answer.
    key = cloud.api("CreateKeyPair", KeyName="terraform", ProjectId=0)["KeyPair"]
    provider.modify_password(ident, SECOND, force_stop=True)
    provider.bind_key_pair(ident, key["KeyId"], force_stop=True)
    provider.modify_instance_name(ident, "renamed")
    provider.resize_data_disk(made["DataDisks"][0]["DiskId"], 20)
    provider.resize_system_disk(ident, 30, "CLOUD_PREMIUM", force_stop=True)
    provider.modify_instance_type(ident, LARGER, force_stop=True)
    shown = provider.read(ident)
    assert shown is not None
    assert (shown["InstanceState"], shown["InstanceType"], shown["CPU"]) == ("RUNNING", LARGER, 2)
    assert (shown["SystemDisk"]["DiskSize"], shown["LoginSettings"]["KeyIds"]) == (30, [key["KeyId"]])
    assert (shown["DataDisks"][0]["DiskSize"], shown["InstanceName"]) == (20, "renamed")
    cloud.wait_up(ident)
    assert cloud.inside(ident, "nproc", key=key["PrivateKey"]) == "2"
    sizes = cloud.inside(ident, "cat /sys/class/block/vda/size /sys/class/block/vdb/size", key=key["PrivateKey"])
    assert [int(size) // 2**21 for size in sizes.split()] == [30, 20]

    provider.delete(ident)
    assert provider.read(ident) is None
    assert cloud.qemu(ident) is None and not cloud.home.instance(ident).exists()


@pytest.mark.parametrize(
    ("stop_type", "stopped_mode"),
    [("", ""), ("SOFT", "KEEP_CHARGING"), ("SOFT_FIRST", "STOP_CHARGING"), ("HARD", "KEEP_CHARGING")],
)
def test_running_flag_in_each_stop_mode(
    cloud: RunningHome, provider: Provider, stop_type: str, stopped_mode: str
) -> None:
    ident = provider.create(ImageId=image(cloud), **INSTANCE)
    cloud.wait_up(ident)
    provider.switch_off(ident, stop_type, stopped_mode)
    shown = provider.read(ident)
    assert shown is not None
    assert (shown["InstanceState"], shown["StopChargingMode"]) == ("STOPPED", stopped_mode or "KEEP_CHARGING")
    assert cloud.qemu(ident) is None
    provider.switch_on(ident)
    provider.delete(ident)


def test_edits_while_it_is_stopped(cloud: RunningHome, provider: Provider) -> None:
    ident = provider.create(ImageId=image(cloud), **INSTANCE)
    key = cloud.api("CreateKeyPair", KeyName="stopped", ProjectId=0)["KeyPair"]
    provider.switch_off(ident, "HARD", "KEEP_CHARGING")
    provider.modify_password(ident, SECOND, force_stop=False)
    provider.bind_key_pair(ident, key["KeyId"], force_stop=False)
    provider.unbind_key_pair(ident, key["KeyId"], force_stop=False)
    provider.resize_system_disk(ident, 30, "CLOUD_PREMIUM", force_stop=False)
    provider.modify_instance_type(ident, LARGER, force_stop=False)
    shown = provider.read(ident)
    assert shown is not None
    assert (shown["InstanceState"], shown["InstanceType"]) == ("STOPPED", LARGER)
    assert shown["LoginSettings"]["KeyIds"] == []
    provider.delete(ident)


def disks_seen_inside(cloud: RunningHome, ident: str) -> int:
    return int(cloud.inside(ident, "ls /sys/class/block | grep -c 'vd[a-z]$'", password=FIRST))


def test_a_disk_of_its_own(cloud: RunningHome, provider: Provider) -> None:
    ident = provider.create(ImageId=image(cloud), **INSTANCE)
    cloud.wait_up(ident)
    disk = provider.create_disk(
        DiskName="storage",
        DiskType="CLOUD_PREMIUM",
        DiskSize=10,
        Placement={"Zone": f"{DEFAULT_REGION}-3"},
        DiskChargeType="POSTPAID_BY_HOUR",
        Tags=[{"Key": "owner", "Value": "terraform"}],
    )
    provider.attach_disk(disk, ident)
    until(lambda: disks_seen_inside(cloud, ident) == 3)
    provider.modify_disk_name(disk, "renamed")
    provider.resize_data_disk(disk, 20)
    provider.detach_disk(disk, ident)
    until(lambda: disks_seen_inside(cloud, ident) == 2)
    shown = provider.describe_disk_by_id(disk)
    assert shown is not None
    assert (shown["DiskName"], shown["DiskSize"]) == ("renamed", 20)
    provider.delete_disk(disk)
    provider.delete(ident)


def test_a_network_of_its_own_and_an_address(cloud: RunningHome, provider: Provider) -> None:
    network = provider.create_vpc("net", "10.9.0.0/16")
    subnet = provider.create_subnet(network["VpcId"], "10.9.1.0/24", f"{DEFAULT_REGION}-3")
    assert subnet["RouteTableId"] == network["default_route_table_id"]
    place = {"VpcId": network["VpcId"], "SubnetId": subnet["SubnetId"]}
    plain = {name: value for name, value in INSTANCE.items() if name != "InternetAccessible"}
    ident = provider.create(ImageId=image(cloud), VirtualPrivateCloud=place, **plain)
    assert provider.update_vpc(network["VpcId"], "renamed")["VpcName"] == "renamed"
    eip = provider.create_eip()
    provider.attach_eip(eip["AddressId"], ident)
    shown = provider.read(ident)
    assert shown is not None
    assert (shown["PublicIpAddresses"], shown["PrivateIpAddresses"]) == ([eip["AddressIp"]], ["10.9.1.2"])
    provider.delete_eip(eip["AddressId"])
    provider.delete(ident)
    provider.delete_network(subnet["SubnetId"], network["VpcId"])
