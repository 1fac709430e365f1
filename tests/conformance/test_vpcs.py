"""VPCs and subnets over a real store: what may be made, what it looks like, and when it may go."""

from __future__ import annotations

from typing import Any

import pytest

from vmsim.model.instance import LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb

from . import neighbours, vpc
from .vpc import code, filters, message, network, ok, subnet
from .wire import LAUNCH, REGION, ZONE, Api

GONE, GONE_SUBNET = "vpc-00000000", "subnet-00000000"


def launched(api: Api, place: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a launch into this subnet is asked with."""
    return {**LAUNCH, "VirtualPrivateCloud": {"VpcId": place["VpcId"], "SubnetId": place["SubnetId"], **more}}


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("10.0.0.0/12", ""),
        ("10.16.0.0/16", ""),
        ("172.16.0.0/12", ""),
        ("192.168.0.0/16", ""),
        ("192.168.1.16/28", ""),
        ("10.0.0.0/8", "InvalidParameterValue"),
        ("192.168.0.0/15", "InvalidParameterValue"),
        ("10.0.0.0/29", "InvalidParameterValue"),
        ("8.8.0.0/16", "InvalidParameterValue"),
        ("172.32.0.0/16", "InvalidParameterValue"),
        ("10.0.0.1/16", "InvalidParameterValue.Malformed"),
        ("10.0.0.0", "InvalidParameterValue.Malformed"),
        ("10.0.0.0/255.255.0.0", "InvalidParameterValue.Malformed"),
        ("10.0.0.0/33", "InvalidParameterValue.Malformed"),
        ("10.0.0/16", "InvalidParameterValue.Malformed"),
        ("10.0.0.256/28", "InvalidParameterValue.Malformed"),
        ("fd00::/48", "InvalidParameterValue.Malformed"),
        ("", "MissingParameter"),
    ],
)
def test_the_range_of_a_vpc(api: Api, cidr: str, expected: str) -> None:
    assert code(api, "CreateVpc", VpcName="net", CidrBlock=cidr) == expected


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("10.0.0.0/16", ""),
        ("10.0.255.240/28", ""),
        ("10.0.0.0/29", "InvalidParameterValue"),
        ("10.0.0.0/15", "InvalidParameterValue"),
        ("10.1.0.0/24", "InvalidParameterValue.SubnetRange"),
        ("10.0.0.1/24", "InvalidParameterValue.Malformed"),
        ("", "MissingParameter"),
    ],
)
def test_the_range_of_a_subnet(api: Api, cidr: str, expected: str) -> None:
    asked = {"VpcId": network(api), "SubnetName": "sub", "Zone": ZONE, "CidrBlock": cidr}
    assert code(api, "CreateSubnet", **asked) == expected


def test_subnets_do_not_overlap(api: Api) -> None:
    """Within a VPC that is published; across VPCs it is this lab's own limit, and says so."""
    one, other = network(api), network(api)
    first = subnet(api, one, "10.0.0.0/24")
    asked = {"SubnetName": "sub", "Zone": ZONE, "CidrBlock": "10.0.0.128/25"}
    assert code(api, "CreateSubnet", VpcId=one, **asked) == "InvalidParameterValue.SubnetConflict"
    assert code(api, "CreateSubnet", VpcId=other, **asked) == "UnsupportedOperation"
    assert first["SubnetId"] in message(api, "CreateSubnet", VpcId=other, **asked)
    assert "one table of routes" in message(api, "CreateSubnet", VpcId=other, **asked)
    several = [{**asked, "CidrBlock": cidr} for cidr in ("10.0.1.0/24", "10.0.1.0/25")]
    assert code(api, "CreateSubnets", VpcId=one, Subnets=several) == "InvalidParameterValue.SubnetConflict"
    assert ok(api, "DescribeSubnets", Filters=filters(vpc_id=one))["TotalCount"] == 1, "all of them or none"
    subnet(api, other, "10.0.1.0/24")


def test_what_a_subnet_needs(api: Api) -> None:
    one = network(api)
    asked = {"VpcId": one, "SubnetName": "sub", "Zone": ZONE, "CidrBlock": "10.0.0.0/24"}
    assert code(api, "CreateSubnet", **{**asked, "VpcId": GONE}) == "ResourceNotFound"
    assert code(api, "CreateSubnet", **{**asked, "VpcId": "vpc"}) == "InvalidParameterValue.Malformed"
    assert code(api, "CreateSubnet", **{**asked, "Zone": "ap-shanghai-1"}) == "InvalidParameterValue.ZoneConflict"
    assert code(api, "CreateSubnet", **{**asked, "SubnetName": "x" * 61}) == "InvalidParameterValue.TooLong"
    assert code(api, "CreateSubnet", **{**asked, "CdcId": "cluster-1"}) == "UnsupportedOperation"
    assert code(api, "CreateSubnet", **asked) == ""


def test_they_are_shown_as_they_were_made(api: Api) -> None:
    tags = [{"Key": "env", "Value": "test"}]
    one = network(api, DnsServers=["10.0.0.9"], DomainName="corp.example", Tags=tags)
    (shown,) = ok(api, "DescribeVpcs", VpcIds=[one])["VpcSet"]
    assert (shown["DnsServerSet"], shown["DomainName"]) == (["10.0.0.9"], "corp.example")
    assert (shown["CidrBlock"], shown["IsDefault"], shown["TagSet"]) == ("10.0.0.0/16", False, tags)
    made = subnet(api, one, "10.0.2.0/28", Tags=tags)
    assert (made["AvailableIpAddressCount"], made["TotalIpAddressCount"]) == (13, 16)
    (again,) = ok(api, "DescribeSubnets", SubnetIds=[made["SubnetId"]])["SubnetSet"]
    assert again == made
    (table,) = ok(api, "DescribeRouteTables", RouteTableIds=[made["RouteTableId"]])["RouteTableSet"]
    assert (table["VpcId"], table["Main"]) == (one, True)
    assert [each["SubnetId"] for each in table["AssociationSet"]] == [made["SubnetId"]]


def test_filters_and_pages(api: Api) -> None:
    made = [network(api, f"10.{number}.0.0/16", VpcName=f"net-{number}") for number in range(3)]
    ok(api, "CreateDefaultVpc", Zone=ZONE)
    find = {
        "vpc-id": (made[1], 1),
        "vpc-name": ("net-", 3),
        "is-default": ("true", 1),
        "cidr-block": ("10.2.0.0/16", 1),
        "tag-key": ("none", 0),
    }
    for name, (value, number) in find.items():
        found = ok(api, "DescribeVpcs", Filters=[{"Name": name, "Values": [value]}])
        assert (name, found["TotalCount"]) == (name, number)
    page = ok(api, "DescribeVpcs", Offset="1", Limit="2")
    assert (page["TotalCount"], len(page["VpcSet"])) == (4, 2)
    assert code(api, "DescribeVpcs", Offset="x") == "InvalidParameterValue.Range"
    assert code(api, "DescribeVpcs", Limit="101") == "InvalidParameterValue.Range"
    assert code(api, "DescribeVpcs", VpcIds=[GONE]) == "ResourceNotFound"
    assert code(api, "DescribeVpcs", VpcIds=["x"]) == "InvalidParameterValue.Malformed"
    assert code(api, "DescribeVpcs", Filters=filters(colour="red")) == "InvalidParameter.FilterInvalidKey"
    both = {"VpcIds": [made[0]], "Filters": filters(vpc_id=made[0])}
    assert code(api, "DescribeVpcs", **both) == "InvalidParameter.Coexist"
    assert code(api, "DescribeSubnets", SubnetIds=[GONE_SUBNET]) == "ResourceNotFound"
    assert ok(api, "DescribeSubnets", Filters=filters(is_default="true", zone=ZONE))["TotalCount"] == 1


def test_a_vpc_in_use_stays(api: Api) -> None:
    one = network(api)
    within = subnet(api, one)["SubnetId"]
    assert code(api, "DeleteVpc", VpcId=one) == "ResourceInUse"
    ok(api, "DeleteSubnet", SubnetId=within)
    ok(api, "DeleteVpc", VpcId=one)
    assert code(api, "DeleteVpc", VpcId=one) == "ResourceNotFound"
    assert code(api, "DeleteSubnet", SubnetId=within) == "ResourceNotFound"


def test_a_subnet_in_use_stays(api: Api) -> None:
    """Of a launch that failed there is nothing in it any more."""
    place = subnet(api, network(api))
    ident = api.ok("RunInstances", launched(api, place))["InstanceIdSet"][0]
    for state in (InstanceState.PENDING, InstanceState.STOPPED, InstanceState.TERMINATING):
        api.put(ident, state)
        assert code(api, "DeleteSubnet", SubnetId=place["SubnetId"]) == "ResourceInUse"
    api.put(ident, InstanceState.LAUNCH_FAILED)
    ok(api, "DeleteSubnet", SubnetId=place["SubnetId"])


def test_addresses_of_a_small_subnet_run_out(api: Api) -> None:
    place = subnet(api, network(api), "10.0.3.0/28")
    asked = launched(api, place)
    made = api.ok("RunInstances", {**asked, "InstanceCount": 12})["InstanceIdSet"]
    assert (
        api.code("RunInstances", {**asked, "InstanceCount": 2}) == "FailedOperation.NoAvailableIpAddressCountInSubnet"
    )
    chosen = launched(api, place, PrivateIpAddresses=["10.0.3.14"])
    api.ok("RunInstances", chosen)
    assert api.code("RunInstances", chosen) == "VpcIpIsUsed"
    for outside in ("10.0.3.1", "10.0.3.15", "10.0.4.2"):
        assert api.code("RunInstances", launched(api, place, PrivateIpAddresses=[outside])) == "VpcAddrNotInSubNet"
    (shown,) = ok(api, "DescribeSubnets", SubnetIds=[place["SubnetId"]])["SubnetSet"]
    assert shown["AvailableIpAddressCount"] == 0
    used = ok(api, "DescribeUsedIpAddress", VpcId=place["VpcId"], SubnetId=place["SubnetId"])
    assert used["TotalCount"] == 13
    (one,) = ok(api, "DescribeUsedIpAddress", VpcId=place["VpcId"], IpAddresses=["10.0.3.2"])["IpAddressStates"]
    assert (one["ResourceType"], one["ResourceId"] in made) == ("CVM", True)


def test_a_vpc_without_a_subnet_is_no_place(api: Api) -> None:
    one = network(api)
    asked = {**LAUNCH, "VirtualPrivateCloud": {"VpcId": one, "SubnetId": "DEFAULT"}}
    error = api.call("RunInstances", asked)["Error"]
    assert error["Code"] == "InvalidParameterValue.SubnetNotExist"
    assert one in error["Message"] and "SubnetId" in error["Message"]


def test_a_launch_that_failed_holds_no_address(api: Api) -> None:
    """Its record is kept for a while, to say why."""
    place = subnet(api, network(api), "10.0.3.0/28")
    asked = launched(api, place, PrivateIpAddresses=["10.0.3.9"])
    (failed,) = api.ok("RunInstances", asked)["InstanceIdSet"]
    api.put(failed, InstanceState.LAUNCH_FAILED, latest=LatestOperation(Verb.RUN, OperationState.OPERATING))
    assert api.code("RunInstances", asked) == "VpcIpIsUsed"
    api.put(failed, InstanceState.LAUNCH_FAILED, latest=LatestOperation(Verb.RUN, OperationState.FAILED))
    (shown,) = ok(api, "DescribeSubnets", SubnetIds=[place["SubnetId"]])["SubnetSet"]
    assert shown["AvailableIpAddressCount"] == 13
    for action in ("DescribeUsedIpAddress", "DescribeNetworkInterfaces"):
        of_vpc = {"VpcId": place["VpcId"]} if "Used" in action else {"Filters": filters(vpc_id=place["VpcId"])}
        assert ok(api, action, **of_vpc)["TotalCount"] == 0
    (made,) = api.ok("RunInstances", asked)["InstanceIdSet"]
    (used,) = ok(api, "DescribeUsedIpAddress", VpcId=place["VpcId"])["IpAddressStates"]
    assert used["ResourceId"] == made


def test_the_card_of_an_instance(api: Api) -> None:
    place = subnet(api, network(api))
    ident = api.ok("RunInstances", launched(api, place))["InstanceIdSet"][0]
    wanted = {"attachment.instance-id": ident, "vpc-id": place["VpcId"], "subnet-id": place["SubnetId"]}
    asked = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    (card,) = ok(api, "DescribeNetworkInterfaces", Filters=asked)["NetworkInterfaceSet"]
    assert (card["Primary"], card["Attachment"]["InstanceId"]) == (True, ident)
    assert card["PrivateIpAddressSet"][0]["PrivateIpAddress"] == "10.0.0.2"
    (again,) = ok(api, "DescribeNetworkInterfaces", NetworkInterfaceIds=[card["NetworkInterfaceId"]])[
        "NetworkInterfaceSet"
    ]
    assert again == card
    assert code(api, "DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-00000000"]) == "ResourceNotFound"
    (one,) = ok(api, "DescribeVpcInstances", Filters=filters(vpc_id=place["VpcId"]))["InstanceSet"]
    assert (one["InstanceId"], one["SubnetId"]) == (ident, place["SubnetId"])


def test_attributes_are_changed(api: Api) -> None:
    one = network(api)
    within = subnet(api, one)["SubnetId"]
    ok(api, "ModifyVpcAttribute", VpcId=one, VpcName="new", DnsServers=["10.0.0.9", "10.0.0.10"], DomainName="a.b")
    (shown,) = ok(api, "DescribeVpcs", VpcIds=[one])["VpcSet"]
    assert (shown["VpcName"], shown["DnsServerSet"], shown["DomainName"]) == ("new", ["10.0.0.9", "10.0.0.10"], "a.b")
    ok(api, "ModifySubnetAttribute", SubnetId=within, SubnetName="other")
    assert ok(api, "DescribeSubnets", Filters=filters(subnet_name="other"))["TotalCount"] == 1
    assert code(api, "ModifyVpcAttribute", VpcId=one, DnsServers=["x"]) == "InvalidParameterValue.Malformed"
    assert code(api, "ModifyVpcAttribute", VpcId=one, DomainName="-a") == "InvalidParameterValue.Malformed"
    assert code(api, "ModifyVpcAttribute", VpcId=one, EnableMulticast="true") == "UnsupportedOperation"
    assert code(api, "ModifySubnetAttribute", SubnetId=within, EnableBroadcast="true") == "UnsupportedOperation"


def test_what_guests_hear_by_dhcp_changes_while_all_are_off(api: Api) -> None:
    place = subnet(api, network(api))
    ident = api.ok("RunInstances", launched(api, place))["InstanceIdSet"][0]
    api.put(ident, InstanceState.RUNNING)
    assert code(api, "ModifyVpcAttribute", VpcId=place["VpcId"], DomainName="a.b") == "UnsupportedOperation"
    assert ident in message(api, "ModifyVpcAttribute", VpcId=place["VpcId"], DnsServers=["10.0.0.9"])
    as_shown = ok(api, "DescribeVpcs", VpcIds=[place["VpcId"]])["VpcSet"][0]["DnsServerSet"]
    orders: list[list[str]] = [[], as_shown, as_shown[::-1]]
    for servers in orders:
        ok(api, "ModifyVpcAttribute", VpcId=place["VpcId"], VpcName="any time", DnsServers=servers, DomainName="")
    api.put(ident, InstanceState.STOPPED)
    ok(api, "ModifyVpcAttribute", VpcId=place["VpcId"], DomainName="a.b")


def test_quotas(api: Api) -> None:
    for _ in range(20):
        one = network(api)
    assert code(api, "CreateVpc", VpcName="net", CidrBlock="10.0.0.0/16") == "LimitExceeded"
    for number in range(100):
        subnet(api, one, f"10.0.{number}.0/24")
    asked = {"VpcId": one, "SubnetName": "sub", "Zone": ZONE, "CidrBlock": "10.0.200.0/24"}
    assert code(api, "CreateSubnet", **asked) == "LimitExceeded"
    limits = ok(api, "DescribeVpcLimits", LimitTypes=["appid-max-vpcs", "vpc-max-subnets"])["VpcLimitSet"]
    assert [each["LimitValue"] for each in limits] == [20, 100]


def test_the_default_ones_keep_clear_of_what_is_there(api: Api) -> None:
    """A subnet of one's own in the range that a default one would have had."""
    mine = subnet(api, network(api, "172.16.0.0/16"), "172.16.32.0/19")
    made = ok(api, "CreateDefaultVpc", Zone=ZONE)["Vpc"]
    assert (made["CidrBlock"], ok(api, "CreateDefaultVpc", Zone=ZONE)["Vpc"]) == ("172.17.0.0/16", made)
    assert ok(api, "CheckDefaultSubnet", Zone=ZONE)["Result"] is False
    assert ok(api, "CheckDefaultSubnet", Zone="ap-guangzhou-4")["Result"] is True
    (shown,) = ok(api, "DescribeSubnets", SubnetIds=[made["SubnetId"]])["SubnetSet"]
    assert (shown["IsDefault"], shown["CidrBlock"]) == (True, "172.17.32.0/20")
    inside = {"VpcId": made["VpcId"], "SubnetName": "sub", "CidrBlock": "172.17.48.0/20", "Zone": ZONE}
    ok(api, "CreateSubnet", **inside)
    other = ok(api, "CreateDefaultVpc", Zone="ap-guangzhou-4")["Vpc"]
    (shown,) = ok(api, "DescribeSubnets", SubnetIds=[other["SubnetId"]])["SubnetSet"]
    assert shown["CidrBlock"] == "172.17.0.0/20", "the next that is free"
    assert mine["SubnetId"] != shown["SubnetId"]
    ok(api, "DeleteSubnet", SubnetId=made["SubnetId"])
    api.ok("RunInstances", LAUNCH)


def test_tags_by_the_tag_service(api: Api) -> None:
    one = network(api)
    within, address = subnet(api, one)["SubnetId"], vpc.address(api)
    for kind, ident in (("vpc", one), ("subnet", within), ("eip", address)):
        name = f"qcs::vpc:{REGION}:uin/:{kind}/{ident}"
        neighbours.ok(
            api, "tag", "ModifyResourceTags", Resource=name, ReplaceTags=[{"TagKey": "kind", "TagValue": kind}]
        )
        found = neighbours.ok(api, "tag", "GetResources", TagFilters=[{"TagKey": "kind", "TagValue": [kind]}])
        assert found["ResourceTagMappingList"][0]["Resource"].endswith(f"{kind}/{ident}")
    rows = neighbours.ok(api, "tag", "DescribeResourceTags", ServiceType="vpc")["Rows"]
    assert {row["ServiceType"] for row in rows} == {"vpc"} and len(rows) == 3
    assert neighbours.ok(api, "tag", "DescribeResourceTags", ServiceType="cvm")["Rows"] == []
    assert ok(api, "DescribeVpcs", Filters=[{"Name": "tag:kind", "Values": ["vpc"]}])["TotalCount"] == 1
