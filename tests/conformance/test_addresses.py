"""EIPs over a real store: their states, what each of them allows, and what an instance shows meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from vmsim.cloud import elastic
from vmsim.model.lifecycle import InstanceState, OperationState
from vmsim.store import jobs

from .vpc import address, code, ended, filters, message, ok
from .wire import Api

GONE = "eip-00000000"
PUBLIC = {"InternetAccessible": {"InternetMaxBandwidthOut": 7, "PublicIpAssigned": True}}


@pytest.fixture
def guest(api: Api) -> str:
    return api.launched(InstanceState.RUNNING)


def shown(api: Api, ident: str) -> dict[str, Any]:
    (found,) = ok(api, "DescribeAddresses", AddressIds=[ident])["AddressSet"]
    return dict(found)


def status(api: Api, ident: str) -> str:
    return str(shown(api, ident)["AddressStatus"])


def instance(api: Api, ident: str) -> dict[str, Any]:
    (found,) = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"]
    return dict(found)


def bound(api: Api, guest: str) -> str:
    ident = address(api, InternetMaxBandwidthOut=20)
    ok(api, "AssociateAddress", AddressId=ident, InstanceId=guest)
    ended(api)
    return ident


def test_a_life(api: Api, guest: str) -> None:
    asked = {"AddressName": "mine", "InternetMaxBandwidthOut": 20, "Tags": [{"Key": "a", "Value": "b"}]}
    reply = ok(api, "AllocateAddresses", **asked)
    (ident,) = reply["AddressSet"]
    assert status(api, ident) == "CREATING"
    task = int(reply["TaskId"])
    assert ok(api, "DescribeTaskResult", TaskId=task)["Result"] == "RUNNING"
    ended(api)
    assert ok(api, "DescribeTaskResult", TaskId=task)["Result"] == "SUCCESS"
    free = shown(api, ident)
    assert (free["AddressStatus"], free["Bandwidth"], free["AddressName"]) == ("UNBIND", 20, "mine")
    assert (free["InstanceId"], free["TagSet"]) == ("", asked["Tags"])

    ok(api, "AssociateAddress", AddressId=ident, InstanceId=guest)
    assert status(api, ident) == "BINDING"
    ended(api)
    held = shown(api, ident)
    described = instance(api, guest)
    assert (held["AddressStatus"], held["InstanceId"], held["InstanceType"]) == ("BIND", guest, "CVM")
    assert held["PrivateAddressIp"] == described["PrivateIpAddresses"][0]
    assert described["PublicIpAddresses"] == [held["AddressIp"]] == [free["AddressIp"]]
    assert described["InternetAccessible"]["InternetMaxBandwidthOut"] == 20

    ok(api, "DisassociateAddress", AddressId=ident)
    assert status(api, ident) == "UNBINDING"
    ended(api)
    assert (status(api, ident), instance(api, guest)["PublicIpAddresses"]) == ("UNBIND", None)
    ok(api, "ReleaseAddresses", AddressIds=[ident])
    assert status(api, ident) == "OFFLINING"
    ended(api)
    assert ok(api, "DescribeAddresses", AddressIds=[ident])["AddressSet"] == []


def test_what_each_state_refuses(api: Api, guest: str) -> None:
    ident = address(api)
    pair = {"AddressId": ident, "InstanceId": guest}
    assert code(api, "DisassociateAddress", AddressId=ident) == "UnsupportedOperation.AddressStatusNotPermit"
    ok(api, "AssociateAddress", **pair)
    for action, given in (
        ("AssociateAddress", pair),
        ("DisassociateAddress", {"AddressId": ident}),
        ("ReleaseAddresses", {"AddressIds": [ident]}),
    ):
        assert code(api, action, **given) == "OperationDenied.MutexTaskRunning"
    ended(api)
    assert code(api, "AssociateAddress", **pair) == "UnsupportedOperation.AddressStatusNotPermit"
    assert code(api, "ReleaseAddresses", AddressIds=[ident]) == "UnsupportedOperation.AddressStatusNotPermit"
    said = message(api, "AssociateAddress", **pair)
    assert f"is BIND, not UNBIND: it is bound to {guest}." in said and "DisassociateAddress" in said
    free = address(api)
    assert code(api, "ReleaseAddresses", AddressIds=[free, ident]) == "UnsupportedOperation.AddressStatusNotPermit"
    assert status(api, free) == "UNBIND", "all of them or none"


def test_a_second_one_and_an_ordinary_one_are_in_the_way(api: Api, guest: str) -> None:
    bound(api, guest)
    free = address(api)
    refused = code(api, "AssociateAddress", AddressId=free, InstanceId=guest)
    assert refused == "InvalidInstanceId.AlreadyBindEip"
    ordinary = api.launched(InstanceState.RUNNING, **PUBLIC)
    refused = code(api, "AssociateAddress", AddressId=free, InstanceId=ordinary)
    assert refused == "InvalidParameterValue.InstanceHasWanIP"


def test_a_network_card_with_its_address_stands_for_its_instance(api: Api, guest: str) -> None:
    ident = address(api)
    (card,) = ok(api, "DescribeNetworkInterfaces", Filters=[{"Name": "attachment.instance-id", "Values": [guest]}])[
        "NetworkInterfaceSet"
    ]
    own = {"NetworkInterfaceId": card["NetworkInterfaceId"]}
    private = {"PrivateIpAddress": card["PrivateIpAddressSet"][0]["PrivateIpAddress"]}
    for members, expected in (
        (own, "InvalidParameterValue.MissingAssociateEntity"),
        ({**own, **private, "InstanceId": guest}, "InvalidParameterValue.Combination"),
        ({**own, "PrivateIpAddress": "10.9.9.9"}, "InvalidParameterValue.PrivateIpAddressNotMatch"),
        ({**private, "NetworkInterfaceId": "eni-00000000"}, "InvalidNetworkInterfaceId.NotFound"),
    ):
        assert code(api, "AssociateAddress", AddressId=ident, **members) == expected
    ok(api, "AssociateAddress", AddressId=ident, **own, **private)
    ended(api)
    assert shown(api, ident)["InstanceId"] == guest


def test_whom_it_may_be_bound_to(api: Api, guest: str) -> None:
    ident = address(api)
    for other, expected in (
        ("ins-00000000", "InvalidInstanceId.NotFound"),
        ("guest", "InvalidParameterValue.InstanceIdMalformed"),
        ("", "InvalidParameterValue.MissingAssociateEntity"),
    ):
        assert code(api, "AssociateAddress", AddressId=ident, InstanceId=other) == expected
    assert code(api, "AssociateAddress", AddressId=GONE, InstanceId=guest) == "InvalidAddressId.NotFound"
    assert code(api, "AssociateAddress", AddressId="x", InstanceId=guest) == "InvalidParameterValue.AddressIdMalformed"
    pair = {"AddressId": ident, "InstanceId": guest}
    assert code(api, "AssociateAddress", **pair, InstanceRegion="ap-shanghai") == "UnsupportedOperation"
    for state in (InstanceState.STOPPING, InstanceState.TERMINATING, InstanceState.LAUNCH_FAILED):
        api.put(guest, state)
        assert code(api, "AssociateAddress", **pair) == "UnsupportedOperation.InstanceStateNotSupported"
    api.put(guest, InstanceState.STOPPED, stop_charging=True)
    assert code(api, "AssociateAddress", **pair) == "UnsupportedOperation.InstanceStatusNotPermit"
    api.put(guest, InstanceState.STOPPED, stop_charging=False)
    assert code(api, "AssociateAddress", **pair) == ""


def test_a_bind_that_fails_leaves_it_free(api: Api, guest: str) -> None:
    ident = address(api)
    task = ok(api, "AssociateAddress", AddressId=ident, InstanceId=guest)["TaskId"]
    ended(api, "nft said no")
    assert ok(api, "DescribeTaskResult", TaskId=int(task))["Result"] == "FAILED"
    assert (status(api, ident), shown(api, ident)["InstanceId"]) == ("UNBIND", "")
    assert instance(api, guest)["PublicIpAddresses"] is None


def test_an_ordinary_address_becomes_one(api: Api) -> None:
    ident = api.launched(InstanceState.RUNNING, **PUBLIC)
    before = instance(api, ident)["PublicIpAddresses"]
    made = ok(api, "TransformAddress", InstanceId=ident)
    assert instance(api, ident)["PublicIpAddresses"] == before, "it answers all the while"
    ended(api)
    held = shown(api, made["AddressId"])
    assert ([held["AddressIp"]], held["AddressStatus"], held["Bandwidth"]) == (before, "BIND", 7)
    assert code(api, "TransformAddress", InstanceId=ident) == "InvalidInstanceId.AlreadyBindEip"
    plain = api.launched(InstanceState.RUNNING)
    assert code(api, "TransformAddress", InstanceId=plain) == "InvalidParameterValue.InstanceHasNoWanIP"


def test_a_transformation_that_fails_leaves_it_ordinary(api: Api) -> None:
    ident = api.launched(InstanceState.RUNNING, **PUBLIC)
    before = instance(api, ident)["PublicIpAddresses"]
    ok(api, "TransformAddress", InstanceId=ident)
    ended(api, "nft said no")
    assert instance(api, ident)["PublicIpAddresses"] == before
    assert ok(api, "DescribeAddresses")["TotalCount"] == 0


def test_unbinding_may_give_an_ordinary_one_back(api: Api, guest: str) -> None:
    ident = bound(api, guest)
    ok(api, "DisassociateAddress", AddressId=ident, ReallocateNormalPublicIp=True)
    ended(api)
    (new,) = instance(api, guest)["PublicIpAddresses"]
    assert new != shown(api, ident)["AddressIp"]
    assert code(api, "AssociateAddress", AddressId=ident, InstanceId=guest) == "InvalidParameterValue.InstanceHasWanIP"


def test_ordinary_ones_are_shown_when_they_are_asked_for(api: Api, guest: str) -> None:
    ident = bound(api, guest)
    other = api.launched(InstanceState.RUNNING, **PUBLIC)
    assert [each["AddressId"] for each in ok(api, "DescribeAddresses")["AddressSet"]] == [ident]
    (ordinary,) = ok(api, "DescribeAddresses", Filters=filters(address_type="WanIP"))["AddressSet"]
    assert (ordinary["InstanceId"], ordinary["AddressType"], ordinary["AddressId"]) == (other, "WanIP", "")


def test_filters_and_pages(api: Api, guest: str) -> None:
    ident, free = bound(api, guest), address(api, AddressName="free")
    held = shown(api, ident)
    find = {
        "address-id": ident,
        "address-ip": held["AddressIp"],
        "address-status": "BIND",
        "instance-id": guest,
        "private-ip-address": held["PrivateAddressIp"],
        "network-interface-id": held["NetworkInterfaceId"],
        "instance-type": "CVM",
    }
    for name, value in find.items():
        found = ok(api, "DescribeAddresses", Filters=[{"Name": name, "Values": [value]}])["AddressSet"]
        assert [each["AddressId"] for each in found] == [ident], name
    (found,) = ok(api, "DescribeAddresses", Filters=filters(address_name="free"))["AddressSet"]
    assert found["AddressId"] == free
    page = ok(api, "DescribeAddresses", Offset=1, Limit=1)
    assert (page["TotalCount"], len(page["AddressSet"])) == (2, 1)
    assert code(api, "DescribeAddresses", Filters=filters(colour="red")) == "InvalidParameter.InvalidFilter"
    assert code(api, "DescribeAddresses", AddressIds=["x"]) == "InvalidParameterValue.AddressIdMalformed"
    assert code(api, "DescribeAddresses", Limit=101) == "InvalidParameterValue.LimitExceeded"


def test_changes(api: Api, guest: str) -> None:
    ident = bound(api, guest)
    ok(api, "ModifyAddressAttribute", AddressId=ident, AddressName="new", EipDirectConnection="TRUE")
    assert (shown(api, ident)["AddressName"], shown(api, ident)["IsEipDirectConnection"]) == ("new", True)
    assert (
        code(api, "ModifyAddressAttribute", AddressId=ident, AddressName="x" * 129) == "InvalidParameterValue.TooLong"
    )
    assert code(api, "ModifyAddressAttribute", AddressId=ident, EipDirectConnection="no") == "InvalidParameterValue"
    ok(api, "ModifyAddressesBandwidth", AddressIds=[ident], InternetMaxBandwidthOut=33)
    ended(api)
    assert shown(api, ident)["Bandwidth"] == 33
    assert instance(api, guest)["InternetAccessible"]["InternetMaxBandwidthOut"] == 33
    refused = code(api, "ModifyAddressesBandwidth", AddressIds=[ident], InternetMaxBandwidthOut=101)
    assert refused == "InvalidParameterValue.BandwidthOutOfRange"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"InternetChargeType": "BANDWIDTH_PACKAGE"}, "UnsupportedOperation"),
        ({"InternetServiceProvider": "CMCC"}, "UnsupportedOperation"),
        ({"AddressType": "AnycastEIP"}, "UnsupportedOperation"),
        ({"InternetMaxBandwidthOut": 0}, "InvalidParameterValue.BandwidthOutOfRange"),
        ({"InternetMaxBandwidthOut": 101}, "InvalidParameterValue.BandwidthOutOfRange"),
        ({"AddressCount": 0}, "InvalidParameterValue.Range"),
        ({"InternetChargeType": "BANDWIDTH_PREPAID_BY_MONTH"}, "InvalidParameterValue.Combination"),
        ({"AddressChargePrepaid": {"Period": 1}}, "InvalidParameterValue.Combination"),
    ],
)
def test_what_cannot_be_allocated(api: Api, given: dict[str, Any], expected: str) -> None:
    assert code(api, "AllocateAddresses", **given) == expected
    assert ok(api, "DescribeAddresses")["TotalCount"] == 0


def test_a_prepaid_one_is_shown_as_it_was_bought(api: Api) -> None:
    prepaid = {"InternetChargeType": "BANDWIDTH_PREPAID_BY_MONTH", "AddressChargePrepaid": {"Period": 1}}
    found = shown(api, address(api, **prepaid, InternetMaxBandwidthOut=200))
    assert (found["InternetChargeType"], found["RenewFlag"]) == ("BANDWIDTH_PREPAID_BY_MONTH", "NOTIFY_AND_AUTO_RENEW")
    assert found["DeadlineDate"] > found["CreatedTime"]


def test_a_request_sent_again_allocates_once(api: Api) -> None:
    first = ok(api, "AllocateAddresses", ClientToken="once", AddressCount=2)
    again = ok(api, "AllocateAddresses", ClientToken="once", AddressCount=2)
    assert (again["AddressSet"], again["TaskId"]) == (first["AddressSet"], first["TaskId"])
    assert code(api, "AllocateAddresses", ClientToken="once", AddressCount=1) == "InvalidParameterConflict"


def test_quotas(api: Api) -> None:
    """Twenty of a region at once, forty a day."""
    for _ in range(2):
        made = ok(api, "AllocateAddresses", AddressCount=20)["AddressSet"]
        ended(api)
        assert code(api, "AllocateAddresses") == "AddressQuotaLimitExceeded"
        ok(api, "ReleaseAddresses", AddressIds=made)
        ended(api)
    assert code(api, "AllocateAddresses") == "AddressQuotaLimitExceeded.DailyAllocate"
    found = {each["QuotaId"]: each["QuotaCurrent"] for each in ok(api, "DescribeAddressQuota")["QuotaSet"]}
    assert (found["TOTAL_EIP_QUOTA"], found["DAILY_EIP_APPLY"]) == (0, 40)


def test_what_the_account_has(api: Api) -> None:
    packages = ok(api, "DescribeBandwidthPackages", Filters=filters(resource_id="eip-00000000"))
    assert (packages["TotalCount"], packages["BandwidthPackageSet"]) == (0, [])
    assert ok(api, "DescribeNetworkAccountType")["NetworkAccountType"] == "STANDARD"


def test_a_task_that_there_is_not(api: Api) -> None:
    assert code(api, "DescribeTaskResult", TaskId=99) == "InvalidParameter"
    assert code(api, "DescribeTaskResult") == "MissingParameter"


def test_a_stop_and_a_start_leave_it_alone(api: Api, guest: str) -> None:
    """STOP_CHARGING gives the ordinary address back, and a start allocates one: neither concerns an EIP."""
    ident = bound(api, guest)
    before = [shown(api, ident)["AddressIp"]]
    api.put(guest, InstanceState.STOPPED, stop_charging=True)
    api.ok("StartInstances", {"InstanceIds": [guest]})
    assert (instance(api, guest)["PublicIpAddresses"], status(api, ident)) == (before, "BIND")


def test_each_job_says_where_it_stands(api: Api, guest: str) -> None:
    ident = address(api)
    number = int(ok(api, "AssociateAddress", AddressId=ident, InstanceId=guest)["TaskId"])
    assert elastic.task(api.cloud, number) is OperationState.OPERATING
    with api.cloud.store.reading() as connection:
        found = jobs.by_number(connection, number)
    assert found is not None and (found.subject_id, found.instance_id) == (ident, guest)
