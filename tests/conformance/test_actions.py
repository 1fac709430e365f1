"""The simulated actions over a real store: what they answer, and what they refuse with which published code."""

from __future__ import annotations

from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.simulated import ACTIONS
from vmsim.cloud import operations_log
from vmsim.model.lifecycle import ACTIONS as ACTION_OF_VERB
from vmsim.model.lifecycle import InstanceState, OperationState, Verb

from .wire import IMAGE, LAUNCH, REGION, ZONE, Api

GONE = "ins-00000000"
NO_VPC = {"VpcId": "vpc-00000000", "SubnetId": "subnet-00000000"}
STATES = sorted(InstanceState)


def arguments(verb: Verb, ident: str, key: str) -> dict[str, Any]:
    """The least that an action on an instance takes."""
    if verb is Verb.RESIZE_DISK:
        return {"InstanceId": ident, "SystemDisk": {"DiskSize": 60}}
    if verb is Verb.RESIZE_ONLINE:
        return {"InstanceId": ident, "SystemDisk": {"DiskSize": 60}, "ResizeOnline": True}
    if verb is Verb.REINSTALL:
        return {"InstanceId": ident}
    if verb is Verb.CREATE_IMAGE:
        return {"InstanceId": ident, "ImageName": f"of {ident}"}
    more: dict[Verb, dict[str, Any]] = {
        Verb.RESET_TYPE: {"InstanceType": "LAB1.NANO256"},
        Verb.RESET_PASSWORD: {"Password": "Better-123"},
        Verb.ASSOCIATE_KEYS: {"KeyIds": [key]},
        Verb.DISASSOCIATE_KEYS: {"KeyIds": [key]},
        Verb.MODIFY: {"HostName": "web"},
    }
    return {"InstanceIds": [ident], **more.get(verb, {})}


@pytest.fixture
def key(api: Api) -> str:
    return api.key_pair()


def test_force_reaches_a_running_instance(api: Api, key: str) -> None:
    for verb in (Verb.RESET_TYPE, Verb.RESIZE_DISK, Verb.RESET_PASSWORD, Verb.ASSOCIATE_KEYS):
        ident = api.launched(InstanceState.RUNNING)
        asked = arguments(verb, ident, key)
        assert api.code(ACTION_OF_VERB[verb], asked) == "UnsupportedOperation.InstanceStateRunning"
        api.ok(ACTION_OF_VERB[verb], {**asked, "ForceStop": True})


def test_a_batch_with_one_bad_instance_changes_nothing(api: Api) -> None:
    running, stopped = api.launched(InstanceState.RUNNING), api.launched(InstanceState.STOPPED)
    refused = api.call("StopInstances", {"InstanceIds": [running, stopped]})["Error"]
    assert refused["Code"] == "UnsupportedOperation.InstanceStateStopped"
    assert stopped in refused["Message"]
    found = api.ok("DescribeInstances", {"InstanceIds": [running]})["InstanceSet"][0]
    assert (found["InstanceState"], found["LatestOperation"]) == ("RUNNING", None)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"InstanceIds": [GONE]}, "InvalidInstanceId.NotFound"),
        ({"InstanceIds": ["ins-NO"]}, "InvalidParameterValue.InstanceIdMalformed"),
        ({"InstanceIds": []}, "MissingParameter"),
        ({}, "MissingParameter"),
        ({"InstanceIds": [GONE] * 101}, "InvalidParameterValue.LimitExceeded"),
        ({"InstanceIds": GONE}, "InvalidParameter"),
        ({"InstanceIds": [GONE], "Foo": 1}, "UnknownParameter"),
        ({"InstanceIds": [GONE], "StopType": "NICE"}, "InvalidParameterValue"),
        ({"InstanceIds": [GONE], "StoppedMode": "FREE"}, "InvalidParameterValue"),
        ({"InstanceIds": [GONE], "StopType": "SOFT", "ForceStop": False}, "InvalidParameterCombination"),
    ],
)
def test_a_stop_that_is_asked_for_wrongly_is_refused(api: Api, params: dict[str, Any], code: str) -> None:
    assert api.code("StopInstances", params) == code


@pytest.mark.parametrize(
    ("params", "stop_type"),
    [
        ({}, "SOFT"),
        ({"ForceStop": True}, "SOFT_FIRST"),
        ({"ForceStop": False}, "SOFT"),
        ({"StopType": "HARD", "StoppedMode": "STOP_CHARGING"}, "HARD"),
    ],
)
def test_a_stop_is_recorded_as_it_was_asked(api: Api, params: dict[str, Any], stop_type: str) -> None:
    tasks: list[str] = []
    api.cloud.enqueue = tasks.append
    ident = api.launched(InstanceState.RUNNING)
    reply = api.ok("StopInstances", {"InstanceIds": [ident, ident], **params})
    found = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    assert found["InstanceState"] == "STOPPING"
    assert found["LatestOperation"] == "StopInstances"
    assert found["LatestOperationState"] == "OPERATING"
    assert found["LatestOperationRequestId"] == reply["RequestId"]
    assert len(tasks) == 2  # the launch and one stop
    assert _recorded(api, ident)["stop_type"] == stop_type


def _recorded(api: Api, ident: str) -> dict[str, Any]:
    return operations_log.operations_of(api.cloud, ident)[0].arguments


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Password": "weak"}, "InvalidParameterValue.InvalidPassword"),
        ({"Password": "Better-123", "UserName": "u" * 65}, "InvalidParameterValue.TooLong"),
    ],
)
def test_a_password_has_rules(api: Api, more: dict[str, Any], code: str) -> None:
    ident = api.launched(InstanceState.STOPPED)
    assert api.code("ResetInstancesPassword", {"InstanceIds": [ident], **more}) == code


def test_one_instance_at_a_time_gets_another_type(api: Api) -> None:
    both = [api.launched(InstanceState.STOPPED), api.launched(InstanceState.STOPPED)]
    asked = {"InstanceIds": both, "InstanceType": "LAB1.NANO256"}
    assert api.code("ResetInstancesType", asked) == "InvalidParameterValue.LimitExceeded"
    asked = {"InstanceIds": both[:1], "InstanceType": "NO.SUCH"}
    assert api.code("ResetInstancesType", asked).startswith("Invalid")
    asked = {"InstanceIds": both[:1], "InstanceType": "M5.4XLARGE128"}
    assert api.code("ResetInstancesType", asked).startswith("ResourceInsufficient")


def test_disks_grow_one_at_a_time_by_their_own_id(api: Api) -> None:
    ident = api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    found = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    system, data = found["SystemDisk"]["DiskId"], found["DataDisks"][0]["DiskId"]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "MissingParameter.AtLeastOne"),
        ({"SystemDisk": {"DiskId": system}}, "MissingParameter"),
        ({"SystemDisk": {"DiskId": data, "DiskSize": 60}}, "InvalidParameterValue"),
        ({"SystemDisk": {"DiskId": system, "DiskSize": 40}}, "InvalidParameterValue"),
        ({"SystemDisk": {"DiskSize": 60}, "DataDisks": [{"DiskSize": 20}]}, "InvalidParameterValue"),
        ({"DataDisks": [{"DiskSize": 20}]}, "MissingParameter"),
        ({"DataDisks": [{"DiskId": system, "DiskSize": 20}]}, "UnsupportedOperation.InvalidDataDisk"),
        ({"DataDisks": [{"DiskId": data, "DiskSize": 25}]}, "InvalidParameterValue"),
        ({"DataDisks": [{"DiskId": data, "DiskSize": 20}] * 2}, "InvalidParameterValue"),
        ({"SystemDisk": {"DiskSize": 60}, "ResizeOnline": True}, "UnsupportedOperation.InstanceStateStopped"),
    )
    for params, code in wrong:
        assert api.code("ResizeInstanceDisks", {"InstanceId": ident, **params}) == code, params
    api.ok("ResizeInstanceDisks", {"InstanceId": ident, "DataDisks": [{"DiskId": data, "DiskSize": 20}]})
    running = api.launched(InstanceState.RUNNING)
    online = {"InstanceId": running, "SystemDisk": {"DiskSize": 60}, "ResizeOnline": True}
    assert api.code("ResizeInstanceDisks", {**online, "ForceStop": True}) == "InvalidParameterValue"
    api.ok("ResizeInstanceDisks", online)


@pytest.mark.parametrize("state", STATES)
def test_an_instance_is_shown_in_full_in_every_state(api: Api, state: InstanceState) -> None:
    ident = api.launched(state)
    found = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    assert found["InstanceState"] == state.value
    assert set(found) == set(spec.service("cvm").members("Instance"))
    assert found["Memory"] == 1
    shown = api.ok("DescribeInstancesStatus", {"InstanceIds": [ident]})
    assert shown["InstanceStatusSet"] == [{"InstanceId": ident, "InstanceState": state.value}]


def test_what_was_asked_for_at_launch_is_shown(api: Api) -> None:
    more = {
        "InstanceName": "web",
        "HostName": "web1",
        "SystemDisk": {"DiskType": "CLOUD_SSD", "DiskSize": 60},
        "DataDisks": [{"DiskSize": 10, "DiskName": "data"}],
        "InternetAccessible": {"InternetMaxBandwidthOut": 5, "InternetChargeType": "BANDWIDTH_POSTPAID_BY_HOUR"},
        "TagSpecification": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
        "DisableApiTermination": True,
        "Placement": {"Zone": ZONE, "ProjectId": 7},
    }
    ident = api.launched(InstanceState.RUNNING, **more)
    found = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    assert (found["InstanceName"], found["HostName"]) == ("web", "web1")
    assert (found["SystemDisk"]["DiskType"], found["SystemDisk"]["DiskSize"]) == ("CLOUD_SSD", 60)
    assert (found["DataDisks"][0]["DiskName"], found["DataDisks"][0]["DiskSize"]) == ("data", 10)
    assert found["InternetAccessible"]["InternetChargeType"] == "BANDWIDTH_POSTPAID_BY_HOUR"
    assert len(found["PublicIpAddresses"]) == 1
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert found["Placement"]["ProjectId"] == 7
    assert api.code("TerminateInstances", {"InstanceIds": [ident]}) == "UnsupportedOperation.InstancesProtected"


def test_user_data_is_shown_as_it_was_given(api: Api) -> None:
    given, none = api.launched(InstanceState.STOPPED, UserData="IyE="), api.launched(InstanceState.STOPPED)
    asked = {"InstanceIds": [given, none], "Attributes": ["UserData"]}
    found = api.ok("DescribeInstancesAttributes", asked)["InstanceSet"]
    assert [one["Attributes"]["UserData"] for one in found] == ["IyE=", ""]
    assert api.code("DescribeInstancesAttributes", {**asked, "Attributes": ["Colour"]}) == "InvalidParameterValue"
    assert api.code("DescribeInstancesAttributes", {**asked, "Attributes": []}) == "MissingParameter"
    assert api.code("DescribeInstancesAttributes", {**asked, "InstanceIds": [GONE]}) == "InvalidInstanceId.NotFound"


def test_filters_and_pages(api: Api) -> None:
    wanted = [api.launched(InstanceState.STOPPED, InstanceName="x") for _ in range(3)]
    api.launched(InstanceState.RUNNING)
    by_state = {"Filters": [{"Name": "instance-state", "Values": ["STOPPED"]}]}
    pages = [api.ok("DescribeInstances", {**by_state, "Offset": n, "Limit": 1}) for n in range(4)]
    assert [page["TotalCount"] for page in pages] == [3] * 4
    assert {i["InstanceId"] for page in pages for i in page["InstanceSet"]} == set(wanted)
    assert api.ok("DescribeInstances", {"InstanceIds": [GONE]})["TotalCount"] == 0
    assert api.ok("DescribeInstances", region="ap-shanghai")["TotalCount"] == 0
    assert api.code("DescribeInstances", {"Filters": [{"Name": "foo", "Values": ["a"]}]}) == "InvalidFilter"
    assert api.code("DescribeInstances", {**by_state, "InstanceIds": wanted}) == "InvalidParameter"
    assert api.code("DescribeInstances", {"Limit": 101}) == "InvalidParameterValue.LimitExceeded"


def test_a_dry_run_launches_nothing(api: Api) -> None:
    assert api.ok("RunInstances", {**LAUNCH, "DryRun": True})["InstanceIdSet"] == []
    assert api.ok("DescribeInstances")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ImageId": "img-00000000"}, "InvalidImageId.NotFound"),
        ({"ImageId": "img"}, "InvalidImageId.Malformed"),
        ({"InstanceType": "NO.SUCH"}, "InvalidParameterValue.InstanceTypeNotFound"),
        ({"InstanceType": "NOSUCH"}, "InvalidInstanceType.Malformed"),
        ({"Placement": {"Zone": "ap-shanghai-2"}}, "InvalidZone.MismatchRegion"),
        ({"Placement": {"Zone": "moon-1"}}, "InvalidParameterValue.ZoneNotSupported"),
        ({"InstanceType": "M5.4XLARGE128"}, "ResourceInsufficient.SpecifiedInstanceType"),
        ({"InstanceName": "n" * 129}, "InvalidInstanceName.TooLong"),
        ({"HostName": "-"}, "InvalidParameterValue.IllegalHostName"),
        ({"LoginSettings": {"Password": "weak"}}, "InvalidParameterValue.InvalidPassword"),
        ({"LoginSettings": {"KeepImageLogin": "true"}}, "InvalidParameter.ParameterConflict"),
        ({"LoginSettings": {"KeyIds": ["skey-00000000"]}}, "InvalidParameterValue.KeyPairNotFound"),
        ({"UserData": "*"}, "InvalidParameterValue.InvalidUserDataFormat"),
        ({"VirtualPrivateCloud": NO_VPC}, "InvalidParameterValue.VpcIdNotExist"),
        ({"HpcClusterId": "hpc-aaaaaaaa"}, "UnsupportedOperation"),
        ({"InstanceChargeType": "SPOTPAID"}, "UnsupportedOperation"),
        ({"InstanceChargeType": "CDHPAID"}, "UnsupportedOperation"),
        ({"InstanceChargeType": "CDCPAID"}, "UnsupportedOperation"),
        ({"InstanceChargeType": "PREPAID"}, "MissingParameter"),
        ({"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 13}}, "InvalidPeriod"),
        ({"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 0}}, "InvalidPeriod"),
        (
            {"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 1, "RenewFlag": "MAYBE"}},
            "InvalidParameterValue",
        ),
        ({"InstanceChargePrepaid": {"Period": 1}}, "InvalidParameterCombination"),
        (
            {"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 1}, "MinCount": 1},
            "UnsupportedOperation.MinCountUnsupportedChargeType",
        ),
        ({"CamRoleName": "a role"}, "InvalidParameterValue.CamRoleNameMalformed"),
        ({"CpuTopology": {"CoreCount": 1}}, "InvalidParameter.LackCoreCountOrThreadPerCore"),
        ({"CpuTopology": {"CoreCount": 2, "ThreadPerCore": 1}}, "InvalidParameterValue.CoreCountValue"),
        ({"CpuTopology": {"CoreCount": 1, "ThreadPerCore": 3}}, "InvalidParameterValue.ThreadPerCoreValue"),
        ({"ActionTimer": {"TimerAction": "TerminateInstances"}}, "MissingParameter"),
        (
            {"ActionTimer": {"TimerAction": "TerminateInstances", "ActionTime": "soon"}},
            "InvalidParameterValue.InvalidTimeFormat",
        ),
        (
            {"ActionTimer": {"TimerAction": "TerminateInstances", "ActionTime": "2020-01-01T00:00:00Z"}},
            "InvalidParameterValue",
        ),
        ({"Metadata": {"Items": [{"Key": "k" * 129, "Value": ""}]}}, "InvalidParameterValue.TooLarge"),
    ],
)
def test_a_launch_that_cannot_be_is_refused(api: Api, more: dict[str, Any], code: str) -> None:
    assert api.code("RunInstances", {**LAUNCH, **more}) == code
    assert api.ok("DescribeInstances")["TotalCount"] == 0


def test_key_pairs_from_cradle_to_grave(api: Api) -> None:
    key = api.ok("CreateKeyPair", {"KeyName": "mine", "ProjectId": 0})["KeyPair"]["KeyId"]
    public = api.ok("DescribeKeyPairs", {"KeyIds": [key]})["KeyPairSet"][0]
    assert public["PublicKey"].endswith(key)
    assert "PrivateKey" not in public
    again = {"KeyName": "again", "ProjectId": 0, "PublicKey": public["PublicKey"]}
    imported = api.ok("ImportKeyPair", again)["KeyId"]
    assert api.ok("DescribeKeyPairs")["TotalCount"] == 2
    bound = api.launched(InstanceState.RUNNING, LoginSettings={"KeyIds": [key]})
    assert api.ok("DescribeKeyPairs", {"KeyIds": [key]})["KeyPairSet"][0]["AssociatedInstanceIds"] == [bound]
    assert api.code("DeleteKeyPairs", {"KeyIds": [imported, key]}) == "InvalidParameterValue.KeyPairNotSupported"
    api.ok("DeleteKeyPairs", {"KeyIds": [imported]})
    assert api.ok("DescribeKeyPairs")["TotalCount"] == 1
    assert api.code("DeleteKeyPairs", {"KeyIds": [imported]}) == "InvalidKeyPairId.NotFound"
    assert api.code("DescribeKeyPairs", {"Limit": 101}) == "InvalidParameterValueLimit"
    assert api.code("DescribeKeyPairs", {"Offset": -1}) == "InvalidParameterValueOffset"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mine", "InvalidKeyPairName.Duplicate"),
        ("", "InvalidKeyPairNameEmpty"),
        ("n" * 26, "InvalidKeyPairNameTooLong"),
        ("a-b", "InvalidKeyPairNameIncludeIllegalChar"),
    ],
)
def test_a_key_pairs_name_has_rules(api: Api, key: str, name: str, code: str) -> None:
    assert api.code("CreateKeyPair", {"KeyName": name, "ProjectId": 0}) == code


def test_images_are_shown(api: Api) -> None:
    found = api.ok("DescribeImages")
    assert [image["ImageId"] for image in found["ImageSet"]] == [IMAGE.id]
    assert set(found["ImageSet"][0]) == set(spec.service("cvm").members("Image"))
    assert api.ok("DescribeImages", {"InstanceType": "LAB1.NANO128", "Offset": 1})["ImageSet"] == []
    assert api.ok("DescribeImages", {"InstanceType": "LAB1.NANO128"})["TotalCount"] == 1
    both = {"ImageIds": [IMAGE.id], "Filters": [{"Name": "platform", "Values": ["x"]}]}
    assert api.code("DescribeImages", both) == "InvalidParameter.InvalidParameterCoexistImageIdsFilters"


def test_the_catalogue_is_shown(api: Api) -> None:
    regions = api.ok("DescribeRegions", region="")
    assert {"Region": REGION, "RegionName": "South China (Guangzhou)", "RegionState": "AVAILABLE"} in regions[
        "RegionSet"
    ]
    zones = {zone["Zone"]: zone for zone in api.ok("DescribeZones")["ZoneSet"]}
    assert (zones[ZONE]["ZoneName"], zones[ZONE]["ZoneId"]) == ("Guangzhou Zone 3", "100003")
    chinese = api.ok("DescribeZones", language="zh-CN")["ZoneSet"]
    assert "广州三区" in {zone["ZoneName"] for zone in chinese}
    wanted = [{"Name": "zone", "Values": [ZONE]}, {"Name": "instance-family", "Values": ["LAB1"]}]
    types = api.ok("DescribeInstanceTypeConfigs", {"Filters": wanted})["InstanceTypeConfigSet"]
    assert [kind["InstanceType"] for kind in types] == ["LAB1.NANO128", "LAB1.NANO256", "LAB1.NANO512"]
    two = [{"Name": "zone", "Values": [ZONE, "ap-guangzhou-4"]}]
    assert api.code("DescribeInstanceTypeConfigs", {"Filters": two}) == "InvalidFilterValue.LimitExceeded"
    foo = [{"Name": "foo", "Values": ["a"]}]
    assert api.code("DescribeInstanceTypeConfigs", {"Filters": foo}) == "InvalidFilter"


def test_what_is_known_and_not_simulated_is_refused_by_name(api: Api) -> None:
    for name in spec.SERVICES:
        service = spec.service(name)
        for action in sorted(service.actions):
            if (name, action) not in ACTIONS:
                refused = api.call(action, version=service.version, service=name)["Error"]
                assert refused["Code"] == "UnsupportedOperation"
                assert action in refused["Message"]


def test_a_refusal_ends_with_the_requests_first_digits(api: Api) -> None:
    response = api.call("StartInstances", {"InstanceIds": [api.launched(InstanceState.RUNNING)]}, language="zh-CN")
    assert response["Error"]["Code"] == "UnsupportedOperation.InstanceStateRunning"
    assert response["Error"]["Message"].startswith("不支持状态为运行中的实例ins-")
    assert response["Error"]["Message"].endswith(f" ({response['RequestId'][:8]})")


def test_the_state_of_the_latest_operation_is_tencents_word(api: Api) -> None:
    ident = api.launched(InstanceState.RUNNING)
    api.ok("RebootInstances", {"InstanceIds": [ident], "StopType": "HARD"})
    found = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    assert (found["InstanceState"], found["LatestOperationState"]) == ("REBOOTING", OperationState.OPERATING.value)
