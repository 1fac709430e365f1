"""Requests that are right, made from the schema: a member's name says what it wants, the cloud is given what it names.

A new action is covered by this without a line about it. Where the schema cannot know what an action needs besides its
required members, LEAST says so.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vmsim.api import spec
from vmsim.api.spec import Member
from vmsim.model.address import AddressStatus
from vmsim.model.disk import SnapshotState
from vmsim.model.image import ImageState
from vmsim.model.lifecycle import ACTIONS as ACTION_OF_VERB
from vmsim.model.lifecycle import OPERATIONS, InstanceState
from vmsim.store import addresses, images, snapshots

from . import neighbours, vpc
from .cbs import Cbs
from .wire import IMAGE, REGION, ZONE, Api

DEEPEST = 4
MOST_LEFT_BEHIND = 30
STOPPED = frozenset({InstanceState.STOPPED})
# Of actions that are no operation of the state table.
ALLOWED: Mapping[str, frozenset[InstanceState]] = {"DescribeInstanceVncUrl": frozenset({InstanceState.RUNNING})}
PLAIN: Mapping[str, Any] = {"string": "sample", "int": 10, "float": 1.0, "bool": True}
BY_IDS = ("AttachResourcesTag", "DetachResourcesTag", "ModifyResourcesTagValue")
# Of actions that want a tag which is there already, on the resource or on none.
WANTS_TAGGED = frozenset(
    {"DeleteResourceTag", "DetachResourcesTag", "ModifyResourcesTagValue", "UnTagResources", "UpdateResourceTagValue"}
)
WANTS_TAG = frozenset({"DeleteTag"})
# Optional by the schema and needed all the same, by the object they stand in.
LEAST: Mapping[str, tuple[str, ...]] = {
    "RunInstancesRequest": ("Placement", "ImageId", "InstanceType"),
    "ResizeInstanceDisksRequest": ("SystemDisk",),
    "ModifyInstancesAttributeRequest": ("InstanceName",),
    "ModifyKeyPairAttributeRequest": ("Description",),
    "CreateDisksRequest": ("DiskSize",),
    "ResizeDiskRequest": ("DiskId",),
    "ModifyDiskAttributesRequest": ("DiskName",),
    "GetRoleRequest": ("RoleName",),
    "CreateTagsRequest": ("Tags",),
    "ModifyResourceTagsRequest": ("ReplaceTags",),
    **{f"{name}Request": ("ResourceRegion", "ResourcePrefix") for name in BY_IDS},
    "CreateSnapshotRequest": ("DiskId",),
    "CreateImageRequest": ("InstanceId",),
    "CreateVpcRequest": ("CidrBlock",),
    "CreateSubnetRequest": ("CidrBlock",),
    "SubnetInput": ("CidrBlock",),
    "CheckDefaultSubnetRequest": ("Zone",),
    "AssociateAddressRequest": ("InstanceId",),
    "DescribeTaskResultRequest": ("TaskId",),
    "SystemDisk": ("DiskSize",),
    "ActionTimer": ("TimerAction", "ActionTime"),
    "CpuTopology": ("CoreCount", "ThreadPerCore"),
    "SecurityGroupPolicySet": ("Ingress",),
    "SecurityGroupPolicy": ("Protocol", "Port", "CidrBlock", "Action"),
}
# Of these a rule must be there, and is named by its place.
OF_A_RULE = ("ReplaceSecurityGroupPolicies", "ReplaceSecurityGroupPolicy", "DeleteSecurityGroupPolicies")
WORDS: Mapping[str, Any] = {
    "Zone": ZONE,
    "ImageId": IMAGE.id,
    "InstanceType": "LAB1.NANO256",
    "Password": "Better-123",
    "UserData": "IyEvYmluL3NoCg==",
    "StopType": "HARD",
    "StoppedMode": "KEEP_CHARGING",
    "DiskSize": 60,
    "DiskType": "CLOUD_PREMIUM",
    "DiskChargeType": "POSTPAID_BY_HOUR",
    "Limit": 1,
    "Offset": 0,
    "ResourceType": "instance",
    "ServiceType": "cvm",
    "ResourcePrefix": "instance",
    "ResourceRegion": REGION,
    "RoleName": "vmsim",
    "Namespace": "QCE/CVM",
    "MetricName": "CPUUsage",
    "Rp": 20,
    "Page": 1,
    "Attribute": "UserData",
    "Architecture": "x86_64",
    "OsType": "Debian",
    "OsVersion": "12",
    "BootMode": "Legacy BIOS",
    "LicenseType": "BYOL",
    "Deadline": "2099-01-01T00:00:00+00:00",
    "Order": "ASC",
    "Protocol": "TCP",
    "Port": "80",
    "CidrBlock": "10.0.0.0/16",
    "Ipv6CidrBlock": "fd00::/8",
    "Action": "ACCEPT",
    "PolicyIndex": 0,
    "ProjectId": "0",
    "OrderDirection": "ASC",
    "RemoteRegion": REGION,
    "OrderField": "CREATE_TIME",
    "LimitType": "appid-max-vpcs",
    "TaskId": 1,
    "TimerAction": "TerminateInstances",
    "ActionTime": "2099-01-01T00:00:00Z",
    "InstanceChargeType": "POSTPAID_BY_HOUR",
    "RenewFlag": "NOTIFY_AND_AUTO_RENEW",
    "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
    "InternetServiceProvider": "BGP",
    "IPv4AddressType": "WanIP",
    "KeepImageLogin": "false",
    "AttachMode": "PF",
    "ForcePoweroff": "true",
    "Sysprep": "false",
    "CoreCount": 1,
    "ThreadPerCore": 1,
}
# Where it is not by zone.
FILTERS: Mapping[str, str] = {"DescribeImages": "image-name", "DescribeKeyPairs": "key-name"}
RESOURCE_TYPES: Mapping[str, str] = {
    "CreateImage": "image",
    "ImportImage": "image",
    "CreateKeyPair": "keypair",
    "ImportKeyPair": "keypair",
}
RANGES = itertools.count()
# Where a number is written as text.
NUMERALS: Mapping[str, str] = {"Limit": "1", "Offset": "0"}


def places(service: spec.Service, object_name: str, group: str = "") -> Iterator[str]:
    """Every place of an object, `Placement.Zone`, at every depth."""
    for name, member in service.members(object_name).items():
        yield f"{group}{name}"
        if member.kind not in spec.PLAIN_KINDS and group.count(".") < DEEPEST:
            yield from places(service, member.kind, f"{group}{name}.")


class Samples:
    """The parts of one request; what they name is made when it is first wanted."""

    def __init__(self, api: Api, service: str, action: str) -> None:
        self._api = api
        self._service = spec.service(service)
        self._action = action
        self._made: dict[str, str] = {}
        self._makers: dict[str, Callable[[], str]] = {
            "InstanceId": self._instance,
            "KeyId": self._key,
            "DiskId": self._disk,
            "ResourceId": lambda: str(self._one("InstanceId", "string")),
            "Resource": self._resource,
            "ResourceList": self._resource,
            "PublicKey": lambda: self._key_pair()["PublicKey"],
            "SnapshotId": self._snapshot,
            "ImageUrl": self._file,
            "SecurityGroupId": self._group,
            "SecurityGroup": self._group,
            "VpcId": lambda: vpc.ok(api, "CreateVpc", VpcName="sample", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
            "SubnetId": self._subnet,
            "RouteTableId": lambda: str(self._one("VpcId", "string")).replace("vpc", "rtb"),
            "NetworkInterfaceId": lambda: str(self._one("InstanceId", "string")).replace("ins", "eni"),
            "AddressId": self._address,
            "ImageName": lambda: f"i{secrets.token_hex(8)}",
            "KeyName": lambda: f"k{secrets.token_hex(8)}",
            **({"ImageId": self._image} if action == "DeleteImages" else {}),
        }

    def least(self) -> dict[str, Any]:
        """The request with nothing that can be left out."""
        if self._action in WANTS_TAG and "tag" not in self._made:
            self._made["tag"] = "made"
            neighbours.ok(self._api, "tag", "CreateTag", TagKey=PLAIN["string"], TagValue=PLAIN["string"])
        if self._action == "DescribeTaskResult":
            self._address()
        return self._object(self._service.request(self._action))

    def with_place(self, place: str) -> dict[str, Any]:
        """The least request in which that place is given."""
        whole = held = self.least()
        object_name = self._service.request(self._action)
        for name in place.split("."):
            member = self._service.members(object_name)[name]
            inner = held.setdefault(name, self._value(name, member))
            held, object_name = inner[0] if member.is_list else inner, member.kind
        return whole

    def _object(self, name: str) -> dict[str, Any]:
        if name == "Dimension":
            return {"Name": "InstanceId", "Value": self._one("InstanceId", "string")}
        if name == "Filter" and self._service.name == "vpc":
            return {"Name": "vpc-id", "Values": [self._one("VpcId", "string")]}
        if name == "Filter" and self._service.name in ("cvm", "cbs"):
            return {"Name": FILTERS.get(self._action, "zone"), "Values": [ZONE]}
        wanted = LEAST.get(name, ())
        if name == "SecurityGroupPolicy" and self._action in OF_A_RULE:
            wanted = (*wanted, "PolicyIndex")
        members = self._service.members(name).items()
        return {inner: self._value(inner, member) for inner, member in members if member.required or inner in wanted}

    def _value(self, name: str, member: Member) -> Any:
        return [self._one(name.removesuffix("s"), member.kind)] if member.is_list else self._one(name, member.kind)

    def _one(self, name: str, kind: str) -> Any:
        if kind not in spec.PLAIN_KINDS:
            return self._object(kind)
        if kind == "string" and name in self._makers:
            if name not in self._made:
                self._made[name] = self._makers[name]()
            return self._made[name]
        if name == "ResourceType" and self._action in RESOURCE_TYPES:
            return RESOURCE_TYPES[self._action]
        word = NUMERALS.get(name) if kind == "string" else None
        word = WORDS.get(name) if word is None else word
        return word if type(word) is type(PLAIN[kind]) else PLAIN[kind]

    def _instance(self) -> str:
        """In a state in which the action may be asked."""
        rows = [OPERATIONS[verb].allowed for verb, name in ACTION_OF_VERB.items() if name == self._action]
        allowed = rows[0] if rows else ALLOWED.get(self._action, STOPPED)
        state = InstanceState.STOPPED if InstanceState.STOPPED in allowed else InstanceState.RUNNING
        more: dict[str, Any] = {}
        if self._action == "DisassociateInstancesKeyPairs":
            more["LoginSettings"] = {"KeyIds": [self._one("KeyId", "string")]}
        if self._action == "DisassociateSecurityGroups":
            more["SecurityGroupIds"] = [self._one("SecurityGroupId", "string"), self._group()]
        if self._action in WANTS_TAGGED:
            tags = [{"Key": PLAIN["string"], "Value": PLAIN["string"]}]
            more["TagSpecification"] = [{"ResourceType": "instance", "Tags": tags}]
        if self._action == "TransformAddress":
            more["InternetAccessible"] = {"InternetMaxBandwidthOut": 1, "PublicIpAssigned": True}
        return self._api.launched(state, **more)

    def _resource(self) -> str:
        return neighbours.name(self._one("InstanceId", "string"))

    def _disk(self) -> str:
        """One that stands alone; a detached one was attached, and a system disk is its instance's."""
        cbs = Cbs(self._api)
        ident = cbs.created()
        if self._action == "DetachDisks":
            cbs.ok("AttachDisks", InstanceId=self._api.launched(InstanceState.STOPPED), DiskIds=[ident])
            cbs.work()
        return ident

    def _snapshot(self) -> str:
        """Of a disk that is named, too."""
        disk = self._one("DiskId", "string")
        ident: str = Cbs(self._api).ok("CreateSnapshot", DiskId=disk)["SnapshotId"]
        with self._api.cloud.store.writing() as connection:
            snapshots.change(connection, ident, state=SnapshotState.NORMAL)
        return ident

    def _subnet(self) -> str:
        found: str = vpc.subnet(self._api, self._one("VpcId", "string"), f"10.0.{next(RANGES) % 256}.0/24")["SubnetId"]
        return found

    def _address(self) -> str:
        """One that can be bound, or is."""
        ident = vpc.address(self._api)
        if self._action == "DisassociateAddress":
            bound = {"status": AddressStatus.BIND, "instance_id": self._one("InstanceId", "string")}
            with self._api.cloud.store.writing() as connection:
                addresses.change(connection, ident, **bound)
        return ident

    def _image(self) -> str:
        """One that was made here."""
        asked = {"InstanceId": self._api.launched(InstanceState.STOPPED), "ImageName": f"i{secrets.token_hex(8)}"}
        ident: str = self._api.ok("CreateImage", asked)["ImageId"]
        with self._api.cloud.store.writing() as connection:
            images.change(connection, ident, state=ImageState.NORMAL)
        return ident

    def _group(self) -> str:
        """A region holds fifty: what a long walk left behind goes."""
        before = self._api.ok("DescribeSecurityGroups", {"Limit": "100"}, service="vpc")["SecurityGroupSet"]
        for one in before if len(before) > MOST_LEFT_BEHIND else ():
            self._api.call("DeleteSecurityGroup", {"SecurityGroupId": one["SecurityGroupId"]}, service="vpc")
        asked: dict[str, Any] = {"GroupName": "sample", "GroupDescription": ""}
        if self._action in OF_A_RULE:
            rule = {name: WORDS[name] for name in LEAST["SecurityGroupPolicy"]}
            asked["SecurityGroupPolicySet"] = {"Ingress": [rule]}
        made = self._api.ok("CreateSecurityGroupWithPolicies", asked, service="vpc")
        ident: str = made["SecurityGroup"]["SecurityGroupId"]
        return ident

    def _file(self) -> str:
        path = self._api.cloud.home.root / "disk.raw"
        path.write_bytes(bytes(2**20))
        return path.as_uri()

    def _key(self) -> str:
        ident: str = self._key_pair()["KeyId"]
        return ident

    def _key_pair(self) -> dict[str, Any]:
        asked = {"KeyName": f"k{secrets.token_hex(8)}", "ProjectId": 0}
        found: dict[str, Any] = self._api.ok("CreateKeyPair", asked)["KeyPair"]
        return found
