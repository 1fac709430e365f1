"""ModifyInstancesAttribute, ModifyKeyPairAttribute, DescribeInstanceVncUrl, ResetInstance and the prices."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote

import pytest

from vmsim.api import spec
from vmsim.api.error_codes import COMMON
from vmsim.cloud import operations_log
from vmsim.model.lifecycle import InstanceState

from .wire import IMAGE, LAUNCH, ZONE, Api

S = InstanceState
STATES = sorted(InstanceState)
# While an instance is stopped without charging.
FORBIDDEN = (
    "StopInstances",
    "RebootInstances",
    "ResetInstance",
    "ResetInstancesType",
    "ResizeInstanceDisks",
    "ResetInstancesPassword",
    "AssociateInstancesKeyPairs",
    "DisassociateInstancesKeyPairs",
    "ModifyInstancesAttribute",
    "DescribeInstanceVncUrl",
)


def shown(api: Api, ident: str) -> dict[str, Any]:
    found: dict[str, Any] = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    return found


def modify(api: Api, ident: str, **attribute: Any) -> str:
    return api.code("ModifyInstancesAttribute", {"InstanceIds": [ident], **attribute})


@pytest.mark.parametrize(
    ("attribute", "member", "value"),
    [
        ({"InstanceName": "front"}, "InstanceName", "front"),
        ({"CamRoleName": "reader", "CamRoleType": "user"}, "CamRoleName", "reader"),
        ({"DisableApiTermination": True}, "DisableApiTermination", True),
        ({"HostName": "later", "AutoReboot": False}, "HostName", "later"),
    ],
)
def test_an_attribute_is_true_when_it_is_answered(
    api: Api, attribute: dict[str, Any], member: str, value: object
) -> None:
    ident = api.launched(S.RUNNING)
    reply = api.ok("ModifyInstancesAttribute", {"InstanceIds": [ident], **attribute})
    found = shown(api, ident)
    assert found[member] == value
    assert (found["LatestOperation"], found["LatestOperationState"]) == ("ModifyInstancesAttribute", "SUCCESS")
    assert found["LatestOperationRequestId"] == reply["RequestId"]


def test_a_role_is_unbound_by_an_empty_name(api: Api) -> None:
    ident = api.launched(S.STOPPED, CamRoleName="reader")
    assert shown(api, ident)["CamRoleName"] == "reader"
    assert modify(api, ident, CamRoleName="") == ""
    assert shown(api, ident)["CamRoleName"] is None


def test_a_host_name_is_an_operation(api: Api) -> None:
    ident = api.launched(S.RUNNING)
    assert modify(api, ident, HostName="front") == ""
    found = shown(api, ident)
    assert (found["LatestOperation"], found["LatestOperationState"]) == ("ModifyInstancesAttribute", "OPERATING")
    assert modify(api, ident, InstanceName="x") == "OperationDenied.InstanceOperationInProgress"


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ({}, "MissingParameter"),
        ({"InstanceName": "a", "DisableApiTermination": True}, "InvalidParameter"),
        ({"InstanceName": "n" * 61}, "InvalidInstanceName.TooLong"),
        ({"UserData": "*"}, "InvalidParameterValue.InvalidUserDataFormat"),
        ({"UserData": base64.b64encode(b"x" * 16385).decode()}, "InvalidParameterValue.InvalidUserDataFormat"),
        ({"SecurityGroups": []}, "MissingParameter"),
        ({"SecurityGroups": ["sg-aaaaaaaa"]}, "InvalidSecurityGroupId.NotFound"),
        ({"CamRoleName": "a role"}, "InvalidParameterValue.CamRoleNameMalformed"),
        ({"CamRoleName": "role", "CamRoleType": "service"}, "UnsupportedOperation"),
        ({"InstanceName": "a", "CamRoleType": "user"}, "InvalidParameter"),
        ({"InstanceName": "a", "AutoReboot": False}, "InvalidParameter"),
        ({"HostName": "-"}, "InvalidParameterValue.IllegalHostName"),
        ({"HostName": "-", "AutoReboot": False}, "InvalidParameterValue.IllegalHostName"),
        ({"EnableJumboFrame": True}, "UnsupportedOperation"),
        ({"EnableJumboFrame": False}, "UnsupportedOperation"),
    ],
)
def test_an_attribute_that_cannot_be_is_refused(api: Api, attribute: dict[str, Any], code: str) -> None:
    ident = api.launched(S.RUNNING)
    assert modify(api, ident, **attribute) == code
    assert shown(api, ident)["LatestOperation"] is None


@pytest.mark.parametrize("attribute", [{"InstanceName": "front"}, {"HostName": "front", "AutoReboot": False}])
def test_attributes_have_the_states_of_the_matrix(api: Api, attribute: dict[str, Any]) -> None:
    ident = api.launched(S.RUNNING)
    for state in STATES:
        api.put(ident, state)
        code = modify(api, ident, **attribute)
        words = state.value.title().replace("_", "")
        expected = "" if state in (S.RUNNING, S.STOPPED) else f"UnsupportedOperation.InstanceState{words}"
        assert code == (expected if state is not S.LAUNCH_FAILED else "UnsupportedOperation")
    api.put(ident, S.STOPPED, stop_charging=True)
    assert modify(api, ident, **attribute) == "UnsupportedOperation.StoppedModeStopCharging"


def test_a_batch_with_one_bad_instance_changes_nothing(api: Api) -> None:
    good, bad = api.launched(S.RUNNING), api.launched(S.SHUTDOWN)
    asked = {"InstanceIds": [good, bad], "InstanceName": "front"}
    assert api.code("ModifyInstancesAttribute", asked) == "UnsupportedOperation.InstanceStateShutdown"
    assert shown(api, good)["InstanceName"] != "front"


@pytest.mark.parametrize("action", FORBIDDEN)
def test_what_a_stop_without_charging_forbids(api: Api, action: str) -> None:
    key = api.key_pair()
    ident = api.launched(S.STOPPED)
    api.put(ident, S.STOPPED, stop_charging=True)
    many = {"InstanceIds": [ident]}
    asked: dict[str, dict[str, Any]] = {
        "ResetInstance": {"InstanceId": ident},
        "ResetInstancesType": {**many, "InstanceType": "LAB1.NANO256"},
        "ResizeInstanceDisks": {"InstanceId": ident, "SystemDisk": {"DiskSize": 60}},
        "ResetInstancesPassword": {**many, "Password": "Better-123"},
        "AssociateInstancesKeyPairs": {**many, "KeyIds": [key]},
        "DisassociateInstancesKeyPairs": {**many, "KeyIds": [key]},
        "ModifyInstancesAttribute": {**many, "HostName": "front"},
        "DescribeInstanceVncUrl": {"InstanceId": ident},
    }
    assert api.code(action, asked.get(action, many)) == "UnsupportedOperation.StoppedModeStopCharging"
    assert api.code("StartInstances", many) == ""


def test_a_key_pair_gets_another_name_and_description(api: Api) -> None:
    mine, other = api.key_pair("mine"), api.key_pair("other")
    api.ok("ModifyKeyPairAttribute", {"KeyId": mine, "KeyName": "yours", "Description": "of yours"})
    api.ok("ModifyKeyPairAttribute", {"KeyId": mine, "KeyName": "yours"})
    found = api.ok("DescribeKeyPairs", {"KeyIds": [mine]})["KeyPairSet"][0]
    assert (found["KeyName"], found["Description"]) == ("yours", "of yours")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "MissingParameter"),
        ({"KeyName": "other"}, "InvalidKeyPairName.Duplicate"),
        ({"KeyName": "n" * 26}, "InvalidParameterValue"),
        ({"Description": "d" * 61}, "InvalidParameterValue"),
        ({"KeyId": "skey-00000000", "KeyName": "x"}, "InvalidKeyPairId.NotFound"),
        ({"KeyId": "skey", "KeyName": "x"}, "InvalidKeyPairId.Malformed"),
    )
    for params, code in wrong:
        assert api.code("ModifyKeyPairAttribute", {"KeyId": mine, **params}) == code, params
    assert other != mine


def test_a_screens_url(api: Api) -> None:
    ident = api.launched(S.RUNNING)
    for state in STATES:
        api.put(ident, state)
        code = api.code("DescribeInstanceVncUrl", {"InstanceId": ident})
        assert (code == "") is (state is S.RUNNING)
        assert not code or code in spec.error_list("cvm", "DescribeInstanceVncUrl") | COMMON
    api.put(ident, S.RUNNING)
    found = api.ok("DescribeInstanceVncUrl", {"InstanceId": ident})["InstanceVncUrl"]
    assert found.startswith("ws%3A%2F%2F127.0.0.1%3A8321%2Fvnc%3Fs%3D")
    assert unquote(found).endswith("&password=&isWindows=false&isUbuntu=false")


def test_a_reinstall_is_recorded_as_it_was_asked(api: Api) -> None:
    ident = api.launched(S.RUNNING)
    asked = {"ImageId": IMAGE.id, "SystemDisk": {"DiskSize": 60}, "LoginSettings": {"Password": "Better-123"}}
    api.ok("ResetInstance", {"InstanceId": ident, **asked, "HostName": "fresh", "UserData": "IyE="})
    (newest, *_) = operations_log.operations_of(api.cloud, ident)
    given = newest.arguments
    assert (given["image_id"], given["size_gib"], given["host_name"]) == (IMAGE.id, 60, "fresh")
    assert given["password_hash"].startswith("$6$") and given["password_shown"] is None
    assert shown(api, ident)["InstanceState"] == "REBOOTING"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ImageId": "img-00000000"}, "InvalidImageId.NotFound"),
        ({"ImageId": "img"}, "InvalidImageId.Malformed"),
        ({"SystemDisk": {"DiskSize": 40}}, "InvalidParameterValue"),
        ({"SystemDisk": {"DiskType": "CLOUD_SSD", "DiskSize": 60}}, "InvalidParameterValue"),
        ({"SystemDisk": {"Encrypt": True}}, "UnsupportedOperation"),
        ({"LoginSettings": {"Password": "weak"}}, "InvalidParameterValue.InvalidPassword"),
        ({"LoginSettings": {"KeyIds": ["skey-00000000"]}}, "InvalidParameterValue.KeyPairNotFound"),
        ({"LoginSettings": {"KeepImageLogin": "true"}}, "InvalidParameter.ParameterConflict"),
        (
            {"LoginSettings": {"KeepImageLogin": "true", "Password": "Better-123"}},
            "InvalidParameter.ParameterConflict",
        ),
        ({"HostName": "-"}, "InvalidParameterValue.IllegalHostName"),
        ({"UserData": "*"}, "InvalidParameterValue.InvalidUserDataFormat"),
        ({"InstanceId": "ins-00000000"}, "InvalidInstanceId.NotFound"),
        ({"InstanceId": "ins"}, "InvalidParameterValue.InstanceIdMalformed"),
    ],
)
def test_a_reinstall_that_cannot_be_is_refused(api: Api, more: dict[str, Any], code: str) -> None:
    ident = api.launched(S.RUNNING)
    assert api.code("ResetInstance", {"InstanceId": ident, **more}) == code
    assert shown(api, ident)["InstanceState"] == "RUNNING"


def test_a_price_is_told_and_nothing_reserved(api: Api) -> None:
    launch = {**LAUNCH, "InternetAccessible": {"InternetMaxBandwidthOut": 5}}
    one = api.ok("InquiryPriceRunInstances", launch)["Price"]
    two = api.ok("InquiryPriceRunInstances", {**launch, "InstanceCount": 2})["Price"]
    assert one["InstancePrice"]["ChargeUnit"] == "HOUR" and one["BandwidthPrice"]["ChargeUnit"] == "GB"
    assert two["InstancePrice"]["UnitPrice"] == pytest.approx(2 * one["InstancePrice"]["UnitPrice"])
    prepaid = {"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 12}}
    year = api.ok("InquiryPriceRunInstances", {**LAUNCH, **prepaid})["Price"]["InstancePrice"]
    assert year["DiscountPrice"] == year["DiscountPriceOneYear"] < year["OriginalPrice"] and "UnitPrice" not in year
    assert api.code("InquiryPriceRunInstances", {**launch, "InstanceCount": 101}) == "InvalidParameterValue.Range"
    assert api.code("InquiryPriceRunInstances", {**launch, "HostName": "h" * 31}) == "InvalidParameterValue"
    assert api.code("InquiryPriceRunInstances", {**launch, "ImageId": "img-00000000"}) == "InvalidImageId.NotFound"
    assert api.ok("DescribeInstances")["TotalCount"] == 0


def test_what_can_be_bought_where(api: Api) -> None:
    def offers(*filters: tuple[str, list[str]]) -> list[dict[str, Any]]:
        wanted = [{"Name": name, "Values": values} for name, values in filters]
        found: list[dict[str, Any]] = api.ok("DescribeZoneInstanceConfigInfos", {"Filters": wanted})[
            "InstanceTypeQuotaSet"
        ]
        return found

    def code(name: str, *values: str) -> str:
        wanted = {"Filters": [{"Name": name, "Values": list(values)}]}
        return api.code("DescribeZoneInstanceConfigInfos", wanted)

    mine = offers(("zone", [ZONE]), ("instance-family", ["LAB1", "LAB2"]), ("sort-keys", ["cpu:desc", "memory:asc"]))
    assert {one["Zone"] for one in mine} == {ZONE} and {one["Status"] for one in mine} == {"SELL"}
    assert {one["InstanceChargeType"] for one in mine} == {"PREPAID", "POSTPAID_BY_HOUR"}
    assert [one["Cpu"] for one in mine] == sorted((one["Cpu"] for one in mine), reverse=True)
    (huge,) = offers(
        ("zone", [ZONE]), ("instance-type", ["M5.4XLARGE128"]), ("instance-charge-type", ["POSTPAID_BY_HOUR"])
    )
    assert (huge["Status"], huge["StatusCategory"]) == ("SOLD_OUT", "WithoutStock") and huge["SoldOutReason"]
    assert offers(("instance-charge-type", ["SPOTPAID"])) == []
    assert code("foo", "a") == "InvalidFilter"
    assert code("sort-keys", "beauty:desc") == "InvalidFilter"
    assert code("zone", "ap-shanghai-2") == "InvalidZone.MismatchRegion"
    assert code("instance-type", *[f"S5.{number}" for number in range(101)]) == "InvalidFilterValue.LimitExceeded"
