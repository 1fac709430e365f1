"""Security groups as clients of VPC and CVM see them: published examples, codes, order, limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from vmsim.model.lifecycle import InstanceState

from . import neighbours
from .wire import LAUNCH, Api

S = InstanceState
GONE = "sg-00000000"
ANYWHERE = "0.0.0.0/0"


def ok(api: Api, action: str, **params: Any) -> dict[str, Any]:
    return api.ok(action, params, service="vpc")


def code(api: Api, action: str, **params: Any) -> str:
    return api.code(action, params, service="vpc")


def made(api: Api, *ingress: dict[str, Any], **more: Any) -> str:
    asked = {"GroupName": "web", "GroupDescription": "", "SecurityGroupPolicySet": {"Ingress": list(ingress)}, **more}
    ident: str = ok(api, "CreateSecurityGroupWithPolicies", **asked)["SecurityGroup"]["SecurityGroupId"]
    return ident


def rule(port: int | str = 22, **more: Any) -> dict[str, Any]:
    return {"Protocol": "tcp", "Port": str(port), "CidrBlock": ANYWHERE, "Action": "accept", **more}


def change(api: Api, action: str, ident: str, *ingress: dict[str, Any], **more: Any) -> str:
    policies = {"Ingress": list(ingress), **more.pop("policies", {})}
    return code(api, action, SecurityGroupId=ident, SecurityGroupPolicySet=policies, **more)


def policies(api: Api, ident: str, **filters: str) -> dict[str, Any]:
    asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found = ok(api, "DescribeSecurityGroupPolicies", SecurityGroupId=ident, Filters=asked)
    return dict(found["SecurityGroupPolicySet"])


def ports(api: Api, ident: str, **filters: str) -> list[str]:
    return [one["Port"] for one in policies(api, ident, **filters)["Ingress"]]


def everything(api: Api, ident: str) -> tuple[Any, Any]:
    return policies(api, ident), ok(api, "DescribeSecurityGroups", SecurityGroupIds=[ident])["SecurityGroupSet"]


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


def test_what_is_shown_can_be_sent_back(api: Api) -> None:
    ident, other = made(api, rule(22), rule("80,443"), rule("all", Protocol="ICMP")), made(api)
    shown = policies(api, ident)
    for index, one in enumerate(shown["Ingress"]):
        assert one.pop("PolicyIndex") == index
    ok(api, "ModifySecurityGroupPolicies", SecurityGroupId=other, SecurityGroupPolicySet=shown)
    assert ports(api, other) == ports(api, ident) == ["22", "80,443", "ALL"]
    (_, last, _) = policies(api, ident)["Ingress"]
    assert change(api, "DeleteSecurityGroupPolicies", ident, last) == ""
    assert ports(api, ident) == ["22", "ALL"]
    assert change(api, "DeleteSecurityGroupPolicies", ident, last) == "InvalidParameterValue"


def test_rules_stand_in_the_order_that_the_index_says(api: Api) -> None:
    ident = made(api, rule(1), rule(2))
    for new, index in (((3, 4), None), ((5, 6), 0), ((7,), 3)):
        place = {} if index is None else {"PolicyIndex": index}
        assert change(api, "CreateSecurityGroupPolicies", ident, *(rule(port, **place) for port in new)) == ""
    assert ports(api, ident) == ["5", "6", "1", "7", "2", "3", "4"]
    replacing = rule(9, PolicyIndex="1"), rule(8, PolicyIndex="0", Action="DROP")
    assert change(api, "ReplaceSecurityGroupPolicies", ident, *replacing, policies={"Version": "4"}) == ""
    assert change(api, "ReplaceSecurityGroupPolicy", ident, rule(10, PolicyIndex=6)) == ""
    assert ports(api, ident) == ["8", "9", "1", "7", "2", "3", "10"]
    by_index = {"PolicyIndex": "1"}, {"PolicyIndex": "0"}
    assert change(api, "DeleteSecurityGroupPolicies", ident, *by_index, policies={"Egress": []}) == ""
    assert ports(api, ident) == ["1", "7", "2", "3", "10"]
    version_0 = {"SecurityGroupId": ident, "SecurityGroupPolicySet": {"Version": "0", "Ingress": [rule(5)]}}
    assert code(api, "ModifySecurityGroupPolicies", **version_0, SortPolicys=True) == ""
    assert policies(api, ident) == {"Version": "8", "Ingress": [], "Egress": []}


def test_what_is_left_out_of_a_rule_is_all(api: Api) -> None:
    """The Terraform provider leaves out a protocol and ports that are ALL."""
    ident = made(api)
    left_out = {"Action": "ACCEPT", "CidrBlock": ANYWHERE}
    assert change(api, "CreateSecurityGroupPolicies", ident, left_out) == ""
    (shown,) = policies(api, ident)["Ingress"]
    assert (shown["Protocol"], shown["Port"]) == ("ALL", "ALL")
    assert change(api, "DeleteSecurityGroupPolicies", ident, left_out) == ""


def test_a_direction_is_set_as_a_whole_as_terraform_does_it(api: Api) -> None:
    ident = made(api, rule(1), rule(2))

    def modify(**policies: Any) -> str:
        return code(api, "ModifySecurityGroupPolicies", SecurityGroupId=ident, SecurityGroupPolicySet=policies)

    assert modify(Egress=[rule(3)], Version="2") == ""
    assert modify(Ingress=[rule(5), rule(4)], Egress=[], Version="3") == ""
    shown = policies(api, ident)
    assert [one["Port"] for one in (*shown["Ingress"], *shown["Egress"])] == ["5", "4", "3"]
    assert shown["Version"] == "3"
    assert modify() == modify(Ingress=[], Egress=[]) == "InvalidParameterValue.Empty"
    assert modify(Ingress=[rule(5), rule(5)]) == "UnsupportedOperation.DuplicatePolicy"
    assert modify(Ingress=[rule(5, PolicyIndex=1)]) == "UnsupportedOperation"
    assert policies(api, ident)["Version"] == "3"
    assert modify(Version="0", Ingress=[], Egress=[]) == ""
    assert policies(api, ident) == {"Version": "4", "Ingress": [], "Egress": []}


CREATE, DELETE, REPLACE = "CreateSecurityGroupPolicies", "DeleteSecurityGroupPolicies", "ReplaceSecurityGroupPolicies"
TEMPLATE = {"AddressTemplate": {"AddressId": "ipm-00000000"}}


@pytest.mark.parametrize(
    ("action", "ingress", "more", "expected"),
    [
        (CREATE, [rule(22)], {}, "UnsupportedOperation.DuplicatePolicy"),
        (CREATE, [rule(1), rule(1, PolicyDescription="again")], {}, "UnsupportedOperation.DuplicatePolicy"),
        (CREATE, [rule(1)], {"Version": "7"}, "UnsupportedOperation.VersionMismatch"),
        (CREATE, [rule(1)], {"Version": "x"}, "UnsupportedOperation.VersionMismatch"),
        (CREATE, [rule(1)], {"Egress": [rule(1)]}, "InvalidParameter.Coexist"),
        (CREATE, [], {}, "InvalidParameterValue.Empty"),
        (CREATE, [rule(1, PolicyIndex=0), rule(2, PolicyIndex=1)], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, PolicyIndex=0), rule(2)], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, PolicyIndex=2)], {}, "InvalidParameterValue.Range"),
        (CREATE, [rule(1, PolicyIndex=-1)], {}, "InvalidParameterValue.Range"),
        (CREATE, [rule(1, Protocol="SCTP")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Protocol="")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Action="")], {}, "MissingParameter"),
        (CREATE, [rule(1, Action="REJECT")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Protocol="ICMP")], {}, "InvalidParameterValue"),
        (CREATE, [rule("ssh")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(65536)], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="10.0.0.0/33")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="")], {}, "MissingParameter"),
        (CREATE, [rule(1, Ipv6CidrBlock="::/0")], {}, "InvalidParameter.Coexist"),
        (CREATE, [rule(1, SecurityGroupId=GONE)], {}, "InvalidParameter.Coexist"),
        (CREATE, [rule(1, CidrBlock="", SecurityGroupId=GONE)], {}, "ResourceNotFound"),
        (CREATE, [rule(1, CidrBlock="", SecurityGroupId="sg-1")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="", **TEMPLATE)], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, CidrBlock="MY_PUBLIC_IP")], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, Priority=1)], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, PolicyDescription="x" * 101)], {}, "InvalidParameterValue.TooLong"),
        (CREATE, [rule(port) for port in range(100, 200)], {}, "LimitExceeded.SecurityGroupPolicySet"),
        (DELETE, [{"PolicyIndex": 1}], {}, "InvalidParameterValue.Range"),
        (DELETE, [{"PolicyIndex": 0}, {"PolicyIndex": 0}], {}, "InvalidParameterValue"),
        (DELETE, [{"PolicyIndex": 0}, rule(22)], {}, "InvalidParameter.Coexist"),
        (DELETE, [rule(23)], {}, "ResourceNotFound"),
        (DELETE, [{}], {}, "MissingParameter"),
        (DELETE, [{"PolicyIndex": 0}], {"Version": "0"}, "UnsupportedOperation.VersionMismatch"),
        (DELETE, [{"PolicyIndex": 0}], {"Egress": [{"PolicyIndex": 0}]}, "InvalidParameter.Coexist"),
        (REPLACE, [rule(1)], {}, "MissingParameter"),
        (REPLACE, [rule(1, PolicyIndex=1)], {}, "InvalidParameterValue.Range"),
        (REPLACE, [rule(1, PolicyIndex=0)], {"Version": "0"}, "UnsupportedOperation.VersionMismatch"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    api: Api, action: str, ingress: list[dict[str, Any]], more: dict[str, Any], expected: str
) -> None:
    ident = made(api, rule(22))
    before = everything(api, ident)
    assert change(api, action, ident, *ingress, policies=more) == expected
    assert everything(api, ident) == before


def test_the_hundredth_rule_is_the_last_of_its_direction(api: Api) -> None:
    ident = made(api, *(rule(port) for port in range(1, 100)))
    assert change(api, CREATE, ident, rule(100)) == ""
    before = everything(api, ident)
    assert change(api, CREATE, ident, rule(101)) == "LimitExceeded.SecurityGroupPolicySet"
    assert everything(api, ident) == before
    assert change(api, CREATE, ident, policies={"Egress": [rule(101)]}) == ""


def test_priorities_are_refused_by_name(api: Api) -> None:
    ident = made(api, rule(22))
    new = rule(1, PolicyIndex=0)
    assert change(api, REPLACE, ident, new, UpdateType="Priority") == "UnsupportedOperation"
    assert change(api, REPLACE, ident, new, UpdateType="Both") == "UnsupportedOperation"
    assert change(api, REPLACE, ident, new, UpdateType="Policy", OriginalSecurityGroupPolicySet={}) == ""


def test_of_two_who_add_to_one_version_one_wins(api: Api) -> None:
    ident = made(api)
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda port: change(api, CREATE, ident, rule(port), policies={"Version": "0"}), (1, 2)))
    assert sorted(codes) == ["", "UnsupportedOperation.VersionMismatch"]
    assert len(ports(api, ident)) == 1


def test_rules_are_found(api: Api) -> None:
    ident, named = made(api), made(api)
    rules = (
        rule(22, PolicyDescription="from the office"),
        rule("8000-8010", Action="DROP", CidrBlock="10.1.0.0/16"),
        rule("all", Protocol="gre", CidrBlock="", SecurityGroupId=named),
    )
    assert change(api, CREATE, ident, *rules) == ""
    assert change(api, CREATE, ident, policies={"Egress": [rule("all", Protocol="ALL")]}) == ""
    for name, value in (("security_group_id", named), ("protocol_type", "GRE")):
        assert [one["PolicyIndex"] for one in policies(api, ident, **{name: value})["Ingress"]] == [2]
    assert ports(api, ident, ip="10.1") == ports(api, ident, poly="DROP") == ports(api, ident, port="8010")
    assert ports(api, ident, poly="drop") == ["8000-8010"]
    assert ports(api, ident, description="office") == ["22"]
    assert ports(api, ident, port="ALL", poly="ALL", direction="ALL") == ["22", "8000-8010", "ALL"]
    assert policies(api, ident, direction="OUTBOUND")["Ingress"] == []
    assert len(policies(api, ident, direction="OUTBOUND")["Egress"]) == 1
    assert ports(api, ident, address_module="x") == ports(api, ident, service_module="x") == []
    unknown = {"SecurityGroupId": ident, "Filters": [{"Name": "colour", "Values": ["red"]}]}
    assert code(api, "DescribeSecurityGroupPolicies", **unknown) == "InvalidParameter.FilterInvalidKey"
    assert code(api, "DescribeSecurityGroupPolicies", SecurityGroupId=GONE) == "ResourceNotFound"
    assert code(api, "DescribeSecurityGroupPolicies", SecurityGroupId="x") == "InvalidParameterValue.Malformed"


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
