"""Security groups as clients of VPC and CVM see them: published examples, codes, limits."""

from __future__ import annotations

from typing import Any

import pytest

from vmsim.model.lifecycle import InstanceState

from . import neighbours
from .groups import ANYWHERE, CREATE, GONE, change, code, made, ok, policies, ports, rule
from .wire import LAUNCH, Api

S = InstanceState


def test_the_published_lives_of_a_group(api: Api) -> None:
    asked = {"GroupName": "TestGroup", "GroupDescription": "test-group-desc"}
    group = ok(api, "CreateSecurityGroup", **asked, Tags=[{"Key": "city", "Value": "shanghai"}])["SecurityGroup"]
    ident = group["SecurityGroupId"]
    assert (group["SecurityGroupName"], group["ProjectId"], group["IsDefault"]) == ("TestGroup", "0", False)
    assert group["TagSet"] == [{"Key": "city", "Value": "shanghai"}]
    assert policies(api, ident) == {"Version": "0", "Ingress": [], "Egress": []}
    assert change(api, "CreateSecurityGroupPolicies", ident, rule(22, PolicyDescription="ssh", PolicyIndex=0)) == ""
    (shown,) = policies(api, ident)["Ingress"]
    assert shown.pop("ModifyTime")
    assert shown == {
        "PolicyIndex": 0,
        "Protocol": "TCP",
        "Port": "22",
        "CidrBlock": ANYWHERE,
        "Ipv6CidrBlock": "",
        "SecurityGroupId": "",
        "Action": "ACCEPT",
        "PolicyDescription": "ssh",
        "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
        "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
    }
    by_rule = {"Action": "Accept", "Protocol": "tcp", "CidrBlock": "0.0.0.0/8", "Port": "22"}
    assert change(api, "DeleteSecurityGroupPolicies", ident, by_rule, policies={"Version": "1"}) == ""
    assert policies(api, ident) == {"Version": "2", "Ingress": [], "Egress": []}
    assert code(api, "ModifySecurityGroupAttribute", SecurityGroupId=ident, GroupName="other") == ""
    (found,) = ok(api, "DescribeSecurityGroups", SecurityGroupIds=[ident])["SecurityGroupSet"]
    assert (found["SecurityGroupName"], found["SecurityGroupDesc"]) == ("other", "test-group-desc")
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=ident) == ""
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=ident) == "InvalidSecurityGroupID.NotFound"
    assert code(api, "DescribeSecurityGroups", SecurityGroupIds=[ident]) == "ResourceNotFound"


def test_groups_are_found_by_ids_filters_and_pages(api: Api) -> None:
    one = made(api, GroupName="one", ProjectId="7", Tags=[{"Key": "a", "Value": "b"}])
    other = made(api, GroupName="other")

    def found(*filters: tuple[str, str], **more: Any) -> list[str]:
        asked = [{"Name": name, "Values": [value]} for name, value in filters]
        shown = ok(api, "DescribeSecurityGroups", Filters=asked, **more)["SecurityGroupSet"]
        return [group["SecurityGroupId"] for group in shown]

    for name, value in (
        ("security-group-id", one),
        ("project-id", "7"),
        ("security-group-name", "one"),
        ("tag-key", "a"),
        ("tag:a", "b"),
    ):
        assert found((name, value)) == [one], name
    assert found(OrderField="CreatedTime") == found(OrderField="UpdateTime", OrderDirection="ASC") == [one, other]
    assert found(OrderField="CreatedTime", OrderDirection="DESC", Limit="1") == [other]
    assert found(OrderField="CreatedTime", Offset="1", Limit="100") == [other]
    assert ok(api, "DescribeSecurityGroups", SecurityGroupIds=[one, other], Limit="1")["TotalCount"] == 2
    assert api.ok("DescribeSecurityGroups", service="vpc", region="ap-beijing")["TotalCount"] == 0
    both = {"SecurityGroupIds": [one], "Filters": [{"Name": "tag-key", "Values": ["a"]}]}
    for asked, expected in (
        (both, "InvalidParameter.Coexist"),
        ({"SecurityGroupIds": [one, GONE]}, "ResourceNotFound"),
        ({"SecurityGroupIds": ["x"]}, "InvalidParameterValue.Malformed"),
        ({"Limit": "101"}, "InvalidParameterValue.Range"),
        ({"Offset": "x"}, "InvalidParameterValue.Range"),
        ({"OrderField": "Name"}, "InvalidParameterValue"),
        ({"OrderField": "CreatedTime", "OrderDirection": "UP"}, "InvalidParameterValue"),
        ({"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameter.FilterInvalidKey"),
    ):
        assert code(api, "DescribeSecurityGroups", **asked) == expected, asked


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"GroupName": "n" * 61}, "InvalidParameterValue.TooLong"),
        ({"GroupDescription": "d" * 101}, "InvalidParameterValue.TooLong"),
        ({"GroupName": ""}, "InvalidParameterValue"),
        ({"ProjectId": "mine"}, "InvalidParameterValue.Malformed"),
        ({"Tags": [{"Key": "qcs:x", "Value": "y"}]}, "InvalidParameter"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "InvalidParameterValue.TagDuplicateKey"),
    ],
)
def test_a_group_that_cannot_be_is_refused(api: Api, asked: dict[str, Any], expected: str) -> None:
    assert code(api, "CreateSecurityGroup", **{"GroupName": "n", "GroupDescription": "", **asked}) == expected
    assert ok(api, "DescribeSecurityGroups")["TotalCount"] == 0


def test_the_fiftieth_group_is_the_last(api: Api) -> None:
    asked = {"GroupName": "one of many", "GroupDescription": ""}
    for _ in range(50):
        ok(api, "CreateSecurityGroup", **asked)
    assert code(api, "CreateSecurityGroup", **asked) == "LimitExceeded"
    assert ok(api, "DescribeSecurityGroups")["TotalCount"] == 50
    assert ok(api, "CreateDefaultSecurityGroup")["SecurityGroup"]["IsDefault"]


def test_the_default_group_is_there_when_it_is_needed_and_stays(api: Api) -> None:
    instance = api.launched(S.RUNNING)
    (shown,) = api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"]
    (default,) = shown["SecurityGroupIds"]
    group = ok(api, "CreateDefaultSecurityGroup")["SecurityGroup"]
    assert (group["SecurityGroupId"], group["SecurityGroupName"], group["IsDefault"]) == (default, "default", True)
    for direction in ("Ingress", "Egress"):
        (only,) = policies(api, default)[direction]
        assert (only["Protocol"], only["Port"], only["CidrBlock"], only["Action"]) == ("ALL", "ALL", ANYWHERE, "ACCEPT")
    other = ok(api, "CreateDefaultSecurityGroup", ProjectId="7")["SecurityGroup"]
    assert other["SecurityGroupId"] != default
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=other["SecurityGroupId"]) == "UnsupportedOperation"


def test_a_dry_run_makes_no_default_group(api: Api) -> None:
    api.ok("RunInstances", {**LAUNCH, "DryRun": True})
    assert ok(api, "DescribeSecurityGroups")["TotalCount"] == 0


def test_groups_of_instances(api: Api) -> None:
    one, other = made(api), made(api)
    named = {"InstanceIds": [api.launched(S.RUNNING, SecurityGroupIds=[one]), api.launched(S.STOPPED)]}

    def groups() -> list[list[str]]:
        found = {each["InstanceId"]: each for each in api.ok("DescribeInstances", named)["InstanceSet"]}
        return [found[ident]["SecurityGroupIds"] for ident in named["InstanceIds"]]

    ((first,), (default,)) = groups()
    assert first == one
    api.ok("AssociateSecurityGroups", {**named, "SecurityGroupIds": [other]})
    assert groups() == [[one, other], [default, other]]
    by_group = {"Filters": [{"Name": "security-group-id", "Values": [one]}]}
    found = api.ok("DescribeInstances", by_group)["InstanceSet"]
    assert [each["InstanceId"] for each in found] == named["InstanceIds"][:1]
    for asked, expected in (
        ({**named, "SecurityGroupIds": [one]}, "InvalidSecurityGroupId.NotFound"),
        ({**named, "SecurityGroupIds": [GONE]}, "InvalidSecurityGroupId.NotFound"),
        ({**named, "SecurityGroupIds": [one, other]}, "InvalidParameterValue.LimitExceeded"),
        ({**named, "SecurityGroupIds": ["x"]}, "InvalidSgId.Malformed"),
        ({**named, "SecurityGroupIds": []}, "MissingParameter"),
    ):
        assert api.code("DisassociateSecurityGroups", asked) == expected, asked
    assert groups() == [[one, other], [default, other]]
    api.ok("DisassociateSecurityGroups", {**named, "SecurityGroupIds": [other]})
    assert api.code("DisassociateSecurityGroups", {**named, "SecurityGroupIds": [one]}) == "UnsupportedOperation"
    api.ok("ModifyInstancesAttribute", {**named, "SecurityGroups": [other, one]})
    assert groups() == [[other, one]] * 2
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=one) == "ResourceInUse"
    six = [made(api) for _ in range(6)]
    too_many = "LimitExceeded.AssociateUSGLimitExceeded"
    assert api.code("ModifyInstancesAttribute", {**named, "SecurityGroups": six}) == too_many
    api.ok("ModifyInstancesAttribute", {"InstanceIds": named["InstanceIds"][:1], "SecurityGroups": six[:5]})
    assert api.code("AssociateSecurityGroups", {**named, "SecurityGroupIds": six[5:]}) == too_many
    api.ok("ModifyInstancesAttribute", {**named, "SecurityGroups": [other, one]})
    assert api.code("RunInstances", {**LAUNCH, "SecurityGroupIds": six}) == "LimitExceeded"
    assert api.code("RunInstances", {**LAUNCH, "SecurityGroupIds": [GONE]}) == "InvalidSecurityGroupId.NotFound"
    assert groups() == [[other, one]] * 2


def test_who_needs_a_group_is_told(api: Api) -> None:
    one, other = made(api), made(api)
    assert change(api, CREATE, one, rule(1, CidrBlock="", SecurityGroupId=one)) == ""
    assert change(api, CREATE, other, rule(1, CidrBlock="", SecurityGroupId=one)) == ""
    api.launched(S.RUNNING, SecurityGroupIds=[one])
    asked = {"SecurityGroupIds": [one, other]}
    first, second = ok(api, "DescribeSecurityGroupAssociationStatistics", **asked)[
        "SecurityGroupAssociationStatisticsSet"
    ]
    assert (first["CVM"], first["SG"], first["TotalCount"]) == (1, 1, 1)
    assert (second["CVM"], second["SG"], second["InstanceStatistics"]) == (0, 0, [])
    assert ok(api, "DescribeSecurityGroupReferences", **asked)["ReferredSecurityGroupSet"] == [
        {"SecurityGroupId": one, "ReferredSecurityGroupIds": [other]},
        {"SecurityGroupId": other, "ReferredSecurityGroupIds": []},
    ]
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=one) == "ResourceInUse"
    ok(api, "DeleteSecurityGroup", SecurityGroupId=other)
    assert code(api, "DeleteSecurityGroup", SecurityGroupId=one) == "ResourceInUse"


def test_a_copy(api: Api) -> None:
    ident = made(api, rule(22), Tags=[{"Key": "a", "Value": "b"}])
    plain = ok(api, "CloneSecurityGroup", SecurityGroupId=ident)["SecurityGroup"]
    assert (plain["SecurityGroupName"], plain["TagSet"]) == ("web", [])
    more = {"GroupName": "mine", "IsCloneTags": True, "Tags": [{"Key": "c", "Value": "d"}], "ProjectId": "1001"}
    tagged = ok(api, "CloneSecurityGroup", SecurityGroupId=ident, **more)["SecurityGroup"]
    assert (tagged["SecurityGroupName"], tagged["ProjectId"], len(tagged["TagSet"])) == ("mine", "1001", 2)
    far = api.ok(
        "CloneSecurityGroup",
        {"SecurityGroupId": ident, "RemoteRegion": "ap-guangzhou"},
        service="vpc",
        region="ap-beijing",
    )["SecurityGroup"]
    assert ports(api, plain["SecurityGroupId"]) == ports(api, tagged["SecurityGroupId"]) == ["22"]
    assert api.code("DescribeSecurityGroups", {"SecurityGroupIds": [ident]}, service="vpc", region="ap-beijing") == (
        "ResourceNotFound"
    )
    assert api.ok(
        "DescribeSecurityGroups", {"SecurityGroupIds": [far["SecurityGroupId"]]}, service="vpc", region="ap-beijing"
    )
    assert code(api, "CloneSecurityGroup", SecurityGroupId=GONE) == "ResourceNotFound"
    assert change(api, CREATE, ident, rule(1, CidrBlock="", SecurityGroupId=ident)) == ""
    asked = {"SecurityGroupId": ident, "RemoteRegion": "ap-guangzhou"}
    refused = api.code("CloneSecurityGroup", asked, service="vpc", region="ap-beijing")
    assert refused == "UnsupportedOperation.RemoteRegionSgHasReferencedSg"


def test_the_tag_service_knows_groups(api: Api) -> None:
    ident = made(api)
    name = neighbours.name(ident, kind="sg")
    neighbours.ok(api, "tag", "TagResources", ResourceList=[name], Tags=[{"TagKey": "env", "TagValue": "test"}])
    (found,) = ok(api, "DescribeSecurityGroups", SecurityGroupIds=[ident])["SecurityGroupSet"]
    assert found["TagSet"] == [{"Key": "env", "Value": "test"}]
    ok(api, "DeleteSecurityGroup", SecurityGroupId=ident)
    assert neighbours.ok(api, "tag", "GetResources")["ResourceTagMappingList"] == []
