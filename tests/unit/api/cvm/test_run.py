from __future__ import annotations

from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.cvm import run
from vmsim.api.unsimulated import refuse
from vmsim.model.errors import NotSimulated, UsageError, VmsimError
from vmsim.model.launch import DataDiskRequest

LEAST = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-aaaaaaaa"}


def test_the_least_request_takes_the_published_defaults() -> None:
    asked = run.request("ap-guangzhou", LEAST)
    assert (asked.zone, asked.image, asked.count, asked.system_disk_gib) == ("ap-guangzhou-3", "img-aaaaaaaa", 1, 50)
    assert asked.charge_type == "POSTPAID_BY_HOUR"
    assert not asked.default_key


def test_everything_simulated_is_carried_over() -> None:
    asked = run.request(
        "ap-guangzhou",
        {
            **LEAST,
            "Placement": {"Zone": "ap-guangzhou-3", "ProjectId": 7},
            "InstanceType": "S5.SMALL1",
            "InstanceCount": 2,
            "InstanceName": "web{R:1}",
            "HostName": "web",
            "SystemDisk": {"DiskType": "CLOUD_SSD", "DiskSize": 60, "Encrypt": False},
            "DataDisks": [{"DiskSize": 20, "DiskType": "CLOUD_BSSD", "DeleteWithInstance": True, "DiskName": "d"}],
            "VirtualPrivateCloud": {"VpcId": "DEFAULT", "SubnetId": "DEFAULT", "PrivateIpAddresses": ["10.0.0.4"]},
            "InternetAccessible": {
                "InternetMaxBandwidthOut": 5,
                "PublicIpAssigned": True,
                "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
                "InternetServiceProvider": "BGP",
            },
            "LoginSettings": {"Password": "Secret123", "KeepImageLogin": "false"},
            "EnhancedService": {"SecurityService": {"Enabled": True}},
            "ClientToken": "token",
            "TagSpecification": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
            "UserData": "IyE=",
            "DryRun": True,
            "DisableApiTermination": True,
        },
    )
    assert (asked.project_id, asked.type_name, asked.count, asked.name) == (7, "S5.SMALL1", 2, "web{R:1}")
    assert (asked.system_disk_type, asked.system_disk_gib) == ("CLOUD_SSD", 60)
    assert asked.data_disks == (DataDiskRequest(20, "CLOUD_BSSD", True, "d"),)
    assert (asked.vpc_id, asked.subnet_id, asked.private_ips) == ("", "", ("10.0.0.4",))
    assert (asked.bandwidth_out, asked.public_ip) == (5, True)
    assert (asked.password, asked.keep_image_login, asked.tags) == ("Secret123", False, {"a": "b"})
    assert asked.dry_run
    assert asked.protected


def test_every_place_of_the_table_is_in_the_schema() -> None:
    service = spec.service("cvm")
    for place in run._SIMULATED:
        members = service.members("RunInstancesRequest")
        *groups, last = place.split(".")
        for group in groups:
            members = service.members(members[group].kind)
        assert last in members, place


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"InstanceChargeType": "SPOTPAID"}, "InstanceChargeType=SPOTPAID"),
        ({"HpcClusterId": "r"}, "HpcClusterId"),
        ({"DataDisks": [{"DiskSize": 10}, {"DiskSize": 10, "Encrypt": True}]}, "DataDisks.Encrypt"),
        ({"DataDisks": [{"DiskSize": 10, "DiskType": "LOCAL_BASIC"}]}, "DataDisks.DiskType=LOCAL_BASIC"),
        ({"SecurityGroupIds": ["sg-aaaaaaaa"]}, "SecurityGroupIds"),
        ({"EnableJumboFrame": True}, "EnableJumboFrame"),
        ({"NetworkInterfaces": [{"InterfaceType": "PRIMARY"}]}, "NetworkInterfaces"),
        ({"TagSpecification": [{"ResourceType": "disk", "Tags": []}]}, "TagSpecification.ResourceType=disk"),
    ],
)
def test_what_is_not_simulated_is_refused_by_name(more: dict[str, Any], name: str) -> None:
    with pytest.raises(NotSimulated, match=name):
        run.request("ap-guangzhou", {**LEAST, **more})


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Placement": {}}, "MissingParameter"),
        ({"ImageId": ""}, "MissingParameter"),
        ({"InstanceChargeType": "FREE"}, "InvalidParameterValue"),
        ({"SystemDisk": {"DiskType": "FLOPPY"}}, "InvalidParameterValue"),
        ({"InstanceCount": 0}, "InvalidParameterValue.Range"),
        ({"MinCount": 2}, "InvalidParameterValue.InvalidParameterMinCount"),
        ({"DataDisks": [{"DiskSize": 15}]}, "InvalidParameterValue.Range"),
        ({"DataDisks": [{"DiskSize": 10, "SnapshotId": "snap-1"}]}, "InvalidParameterValue.SnapshotIdMalformed"),
        ({"InternetAccessible": {"InternetMaxBandwidthOut": -1}}, "InvalidParameterValue.Range"),
        ({"InternetAccessible": {"PublicIpAssigned": True}}, "InvalidParameterCombination"),
        ({"LoginSettings": {"KeepImageLogin": "maybe"}}, "InvalidParameterValue"),
        ({"LoginSettings": {"KeyIds": ["skey-X"]}}, "InvalidKeyPairId.Malformed"),
        ({"ClientToken": "a" * 65}, "InvalidClientToken.TooLong"),
        ({"ClientToken": "ü"}, "InvalidClientToken.TooLong"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(VmsimError) as caught:
        run.request("ap-guangzhou", {**LEAST, **more})
    assert caught.value.code == code


def test_not_asked_for_is_never_refused() -> None:
    refuse({"HpcClusterId": "", "EnableJumboFrame": False, "ChcIds": []}, run._SIMULATED)
    with pytest.raises(UsageError):
        run.request("ap-guangzhou", {})
