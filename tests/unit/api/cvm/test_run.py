from __future__ import annotations

from typing import Any

import pytest

from vmsim.api.cvm import run
from vmsim.api.unsimulated import refuse
from vmsim.model.errors import NotSimulated, UsageError, VmsimError
from vmsim.model.launch import DataDiskRequest

LEAST = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-aaaaaaaa"}


def asked(params: dict[str, Any]) -> None:
    """As the dispatcher does it."""
    refuse(params, run.REFUSED)
    run.request("ap-guangzhou", params)


def test_the_least_request_takes_the_published_defaults() -> None:
    made = run.request("ap-guangzhou", LEAST)
    assert (made.zone, made.image, made.count, made.system_disk_gib) == ("ap-guangzhou-3", "img-aaaaaaaa", 1, 50)
    assert made.charge_type == "POSTPAID_BY_HOUR"
    assert not made.default_key


def test_everything_simulated_is_carried_over() -> None:
    made = run.request(
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
    assert (made.project_id, made.type_name, made.count, made.name) == (7, "S5.SMALL1", 2, "web{R:1}")
    assert (made.system_disk_type, made.system_disk_gib) == ("CLOUD_SSD", 60)
    assert made.data_disks == (DataDiskRequest(20, "CLOUD_BSSD", True, "d"),)
    assert (made.vpc_id, made.subnet_id, made.private_ips) == ("", "", ("10.0.0.4",))
    assert (made.bandwidth_out, made.public_ip) == (5, True)
    assert (made.password, made.keep_image_login, made.tags) == ("Secret123", False, {"a": "b"})
    assert made.dry_run
    assert made.protected


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"InstanceChargeType": "SPOTPAID"}, "InstanceChargeType=SPOTPAID"),
        ({"HpcClusterId": "r"}, "HpcClusterId"),
        ({"DataDisks": [{"DiskSize": 10}, {"DiskSize": 10, "Encrypt": True}]}, "DataDisks.Encrypt"),
        ({"DataDisks": [{"DiskSize": 10, "DiskType": "LOCAL_BASIC"}]}, "DataDisks.DiskType=LOCAL_BASIC"),
        ({"EnableJumboFrame": True}, "EnableJumboFrame"),
        ({"NetworkInterfaces": [{"InterfaceType": "PRIMARY"}]}, "NetworkInterfaces"),
        ({"TagSpecification": [{"ResourceType": "disk", "Tags": []}]}, "TagSpecification.ResourceType=disk"),
    ],
)
def test_what_is_not_simulated_is_refused_by_name(more: dict[str, Any], name: str) -> None:
    with pytest.raises(NotSimulated, match=name):
        asked({**LEAST, **more})


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
        asked({**LEAST, **more})
    assert caught.value.code == code


def test_not_asked_for_is_never_refused() -> None:
    refuse({"HpcClusterId": "", "EnableJumboFrame": False, "ChcIds": []}, run.REFUSED)
    with pytest.raises(UsageError):
        run.request("ap-guangzhou", {})
