"""What Terraform's provider tencentcloud asks, call by call, with its waiters: its resource instance, in its words.

The provider is packaged neither for Debian nor for pip. Each method follows the function that it names, of
`tencentcloud/services/cvm/resource_tc_instance.go` and its services; only its pauses are shorter.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from vmsim.config import DEFAULT_REGION

from .homes import BOOT_LIMIT, RunningHome, View, until
from .lives import common_client

VERSIONS = {"cvm": "2017-03-12", "cbs": "2017-03-12", "vpc": "2017-03-12", "tag": "2018-08-13"}


class Provider:
    """`home` answers."""

    def __init__(self, home: RunningHome) -> None:
        self._clients = {
            name: common_client(home, "TC3-HMAC-SHA256", "POST", name, version) for name, version in VERSIONS.items()
        }

    def ask(self, action: str, service: str = "cvm", **members: Any) -> View:
        return self._clients[service](action, **members)

    def describe_instance_by_id(self, ident: str) -> View | None:
        found = self.ask("DescribeInstances", InstanceIds=[ident])["InstanceSet"]
        return found[0] if found else None

    def create(self, **members: Any) -> str:
        """resourceTencentCloudInstanceCreate, to its first wait."""
        made = self.ask("RunInstances", ClientToken=secrets.token_hex(16), **members)
        ident: str = made["InstanceIdSet"][0]
        shown = self._until(ident, lambda found: found["InstanceState"] in ("RUNNING", "LAUNCH_FAILED"))
        assert shown["InstanceState"] == "RUNNING", shown["LatestOperationErrorMsg"]
        self.describe_resource_tags("instance", ident)
        return ident

    def describe_resource_tags(self, kind: str, ident: str, service: str = "cvm") -> Mapping[str, str]:
        asked = {"ServiceType": service, "ResourcePrefix": kind, "ResourceRegion": DEFAULT_REGION}
        found = self.ask("DescribeResourceTagsByResourceIds", "tag", **asked, ResourceIds=[ident], Limit=400, Offset=0)
        return {tag["TagKey"]: tag["TagValue"] for tag in found.get("Tags", []) if tag["ResourceId"] == ident}

    def read(self, ident: str) -> View | None:
        """resourceTencentCloudInstanceRead: the instance, or None when the resource goes out of the state."""
        shown = self.describe_instance_by_id(ident)
        if shown is None or shown["InstanceState"] == "LAUNCH_FAILED":
            return None
        shown = self._until(ident, lambda found: found["LatestOperationState"] != "OPERATING")
        images = [image["ImageId"] for image in self.ask("DescribeImages")["ImageSet"]]
        assert shown["ImageId"] in images
        self.describe_resource_tags("instance", ident)
        for disks in ([shown["SystemDisk"]], shown["DataDisks"]):
            if disks:
                self.ask("DescribeDisks", "cbs", DiskIds=[disk["DiskId"] for disk in disks], Limit=100)
        attributes = self.ask("DescribeInstancesAttributes", InstanceIds=[ident], Attributes=["UserData"])
        (one,) = attributes["InstanceSet"]
        return {**shown, "UserData": one["Attributes"]["UserData"]}

    def modify_instance_name(self, ident: str, name: str) -> None:
        self.ask("ModifyInstancesAttribute", InstanceIds=[ident], InstanceName=name)

    def modify_password(self, ident: str, password: str, *, force_stop: bool) -> None:
        self.ask("ResetInstancesPassword", InstanceIds=[ident], Password=password, ForceStop=force_stop)
        self.wait_for_operation_finished(ident)

    def bind_key_pair(self, ident: str, key: str, *, force_stop: bool) -> None:
        self.ask("AssociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[key], ForceStop=force_stop)
        self.wait_for_operation_finished(ident)

    def unbind_key_pair(self, ident: str, key: str, *, force_stop: bool) -> None:
        self.ask("DisassociateInstancesKeyPairs", InstanceIds=[ident], KeyIds=[key], ForceStop=force_stop)
        self.wait_for_operation_finished(ident)

    def resize_system_disk(self, ident: str, size: int, kind: str, *, force_stop: bool) -> None:
        disk = {"DiskSize": size, "DiskType": kind}
        self.ask("ResizeInstanceDisks", InstanceId=ident, SystemDisk=disk, ForceStop=force_stop)
        self._until(ident, lambda found: {**found["SystemDisk"], **disk} == found["SystemDisk"])

    def resize_data_disk(self, disk: str, size: int) -> None:
        """CbsService.ResizeDisk."""
        self.ask("ResizeDisk", "cbs", DiskId=disk, DiskSize=size)
        self.until_disk(disk, lambda found: (found["DiskState"] != "EXPANDING", found["DiskSize"]) == (True, size))

    def describe_disk_by_id(self, ident: str) -> View | None:
        found = self.ask("DescribeDisks", "cbs", DiskIds=[ident], Limit=100)["DiskSet"]
        return found[0] if found else None

    def create_disk(self, **members: Any) -> str:
        """resourceTencentCloudCbsStorageCreate: attachable when it is there and not in the making."""
        ident: str = self.ask("CreateDisks", "cbs", **members)["DiskIdSet"][0]
        until(lambda: self.describe_disk_by_id(ident) is not None, BOOT_LIMIT)
        self.until_disk(ident, lambda found: found["DiskState"] in ("UNATTACHED", "ATTACHED"))
        self.describe_resource_tags("volume", ident)
        return ident

    def attach_disk(self, ident: str, instance: str) -> None:
        """resourceTencentCloudCbsStorageAttachmentCreate."""
        self.ask("AttachDisks", "cbs", DiskIds=[ident], InstanceId=instance)
        self.until_disk(ident, lambda found: (found["DiskState"], found["InstanceId"]) == ("ATTACHED", instance))

    def detach_disk(self, ident: str, instance: str) -> None:
        self.ask("DetachDisks", "cbs", DiskIds=[ident], InstanceId=instance)
        self.until_disk(ident, lambda found: found["DiskState"] == "UNATTACHED")

    def modify_disk_name(self, ident: str, name: str) -> None:
        self.ask("ModifyDiskAttributes", "cbs", DiskIds=[ident], DiskName=name)

    def delete_disk(self, ident: str) -> None:
        """resourceTencentCloudCbsStorageDelete, of a disk that is paid afterwards."""
        self.ask("TerminateDisks", "cbs", DiskIds=[ident])
        until(lambda: self.describe_disk_by_id(ident) is None, BOOT_LIMIT)

    def until_disk(self, ident: str, condition: Callable[[View], bool]) -> View:
        def found() -> View | None:
            shown = self.describe_disk_by_id(ident)
            assert shown is not None, f"{ident} does not exist"
            return shown if condition(shown) else None

        return until(found, BOOT_LIMIT) or {}

    def modify_instance_type(self, ident: str, kind: str, *, force_stop: bool) -> None:
        self.ask("ResetInstancesType", InstanceIds=[ident], InstanceType=kind, ForceStop=force_stop)
        self.wait_for_operation_finished(ident)

    def switch_on(self, ident: str) -> None:
        """switchInstance with running_flag."""
        self.ask("StartInstances", InstanceIds=[ident])
        self._until(ident, lambda found: found["InstanceState"] == "RUNNING")

    def switch_off(self, ident: str, stop_type: str, stopped_mode: str) -> None:
        """switchInstance without: a stop that FAILED is asked for again, then STOPPED is waited for."""
        chosen = {"StopType": stop_type, "StoppedMode": stopped_mode}
        given = {name: value for name, value in chosen.items() if value}
        asked = True
        while asked:
            self.ask("StopInstances", InstanceIds=[ident], **given)
            shown = self._until(ident, lambda found: found["LatestOperationState"] != "OPERATING")
            asked = shown["LatestOperationState"] == "FAILED"
        self._until(ident, lambda found: found["InstanceState"] == "STOPPED")

    def delete(self, ident: str) -> None:
        """resourceTencentCloudInstanceDelete: gone, or in the recycle bin and then terminated again."""
        shown = self.describe_instance_by_id(ident)
        assert shown is not None
        self.ask("TerminateInstances", InstanceIds=[ident])
        until(lambda: self.describe_instance_by_id(ident) is None or self._recycled(ident), BOOT_LIMIT)
        if self._recycled(ident):
            self.ask("TerminateInstances", InstanceIds=[ident])
            until(lambda: self.describe_instance_by_id(ident) is None, BOOT_LIMIT)
        network, addresses = shown["VirtualPrivateCloud"], shown["PrivateIpAddresses"]
        place = {"VpcId": network["VpcId"], "SubnetId": network["SubnetId"], "IpAddresses": addresses}
        until(lambda: not self.ask("DescribeUsedIpAddress", "vpc", **place).get("IpAddressStates"), BOOT_LIMIT)

    def create_vpc(self, name: str, cidr: str) -> View:
        """resourceTencentCloudVpcInstanceCreate, and its Read."""
        flags = {"EnableMulticast": "false", "EnableRouteVpcPublish": False, "EnableRouteVpcPublishIpv6": False}
        made = self.ask("CreateVpc", "vpc", VpcName=name, CidrBlock=cidr, **flags)["Vpc"]
        return self.read_vpc(made["VpcId"])

    def read_vpc(self, ident: str) -> View:
        (found,) = self.ask("DescribeVpcs", "vpc", Filters=_filters(("vpc-id", ident)), Offset="0", Limit="100")[
            "VpcSet"
        ]
        of_it = _filters(("vpc-id", ident), ("association.main", "true"))
        (table,) = self.ask("DescribeRouteTables", "vpc", Filters=of_it, Offset="0", Limit="100")["RouteTableSet"]
        return {**found, "default_route_table_id": table["RouteTableId"]}

    def update_vpc(self, ident: str, name: str) -> View:
        """All of it is sent for any change."""
        before = self.read_vpc(ident)
        flags = {"EnableMulticast": "false", "EnableRouteVpcPublish": False, "EnableRouteVpcPublishIpv6": False}
        self.ask("ModifyVpcAttribute", "vpc", VpcId=ident, VpcName=name, DnsServers=before["DnsServerSet"], **flags)
        return self.read_vpc(ident)

    def create_subnet(self, vpc: str, cidr: str, zone: str) -> View:
        """resourceTencentCloudVpcSubnetCreate: its attributes are set again after it was made."""
        made = self.ask("CreateSubnet", "vpc", VpcId=vpc, SubnetName="sub", CidrBlock=cidr, Zone=zone)["Subnet"]
        ident = made["SubnetId"]
        self.ask("ModifySubnetAttribute", "vpc", SubnetId=ident, SubnetName="sub", EnableBroadcast="false")
        asked = {"Filters": _filters(("subnet-id", ident)), "Offset": "0", "Limit": "100"}
        (found,) = self.ask("DescribeSubnets", "vpc", **asked)["SubnetSet"]
        self.describe_resource_tags("subnet", ident, "vpc")
        return dict(found)

    def delete_network(self, subnet: str, vpc: str) -> None:
        self.ask("DeleteSubnet", "vpc", SubnetId=subnet)
        self.ask("DeleteVpc", "vpc", VpcId=vpc)

    def create_eip(self) -> View:
        """resourceTencentCloudEipCreate: the task, then the status, are waited for."""
        made = self.ask("AllocateAddresses", "vpc", AddressType="EIP")
        self._until_done(made["TaskId"])
        ident = made["AddressSet"][0]
        until(lambda: self.eip(ident)["AddressStatus"] != "CREATING", BOOT_LIMIT)
        self.describe_resource_tags("eip", ident, "vpc")
        assert self.ask("DescribeBandwidthPackages", "vpc", Filters=_filters(("resource.resource-id", ident)))
        return self.eip(ident)

    def eip(self, ident: str) -> View:
        found = self.ask("DescribeAddresses", "vpc", AddressIds=[ident])["AddressSet"]
        return dict(found[0]) if found else {}

    def attach_eip(self, ident: str, instance: str) -> None:
        self.ask("AssociateAddress", "vpc", AddressId=ident, InstanceId=instance)
        until(lambda: self.eip(ident)["AddressStatus"] == "BIND", BOOT_LIMIT)

    def delete_eip(self, ident: str) -> None:
        """resourceTencentCloudEipDelete: unbound first."""
        self._until_done(self.ask("DisassociateAddress", "vpc", AddressId=ident)["TaskId"])
        self.ask("ReleaseAddresses", "vpc", AddressIds=[ident])
        until(lambda: not self.eip(ident), BOOT_LIMIT)

    def _until_done(self, task: str) -> None:
        until(lambda: self.ask("DescribeTaskResult", "vpc", TaskId=int(task))["Result"] != "RUNNING", BOOT_LIMIT)

    def _recycled(self, ident: str) -> bool:
        found = self.describe_instance_by_id(ident)
        return found is not None and (found["InstanceState"], found["LatestOperationState"]) == ("SHUTDOWN", "SUCCESS")

    def wait_for_operation_finished(self, ident: str) -> None:
        """waitForOperationFinished, which takes null for "not told yet" and FAILED for the end."""
        shown = self._until(ident, lambda found: found["LatestOperationState"] not in (None, "OPERATING"))
        assert shown["LatestOperationState"] != "FAILED", shown["LatestOperationErrorMsg"]

    def _until(self, ident: str, condition: Callable[[View], bool]) -> View:
        def found() -> View | None:
            shown = self.describe_instance_by_id(ident)
            assert shown is not None, f"{ident} does not exist"
            return shown if condition(shown) else None

        return until(found, BOOT_LIMIT) or {}


def _filters(*wanted: tuple[str, str]) -> list[View]:
    return [{"Name": name, "Values": [value]} for name, value in wanted]
