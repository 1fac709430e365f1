"""Charge types: what is bought in advance is shown, goes to the recycle bin first, and is never mixed with the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.error_codes import COMMON
from vmsim.cloud import operations_log
from vmsim.model.charges import later
from vmsim.model.lifecycle import InstanceState, Verb, allowed

from .wire import LAUNCH, Api

S = InstanceState
PREPAID = {"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 2}}


def shown(api: Api, ident: str) -> dict[str, Any]:
    found: dict[str, Any] = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"][0]
    return found


def test_what_is_bought_is_shown(api: Api) -> None:
    ident = api.launched(S.RUNNING, **PREPAID)
    found = shown(api, ident)
    assert (found["InstanceChargeType"], found["RenewFlag"]) == ("PREPAID", "NOTIFY_AND_MANUAL_RENEW")
    created, expires = (datetime.fromisoformat(found[name].rstrip("Z")) for name in ("CreatedTime", "ExpiredTime"))
    assert abs(expires - later(created, 2)) < timedelta(seconds=2)
    assert (found["RestrictState"], found["IsolatedSource"]) == ("NORMAL", "NOTISOLATED")
    api.put(ident, S.STOPPED)
    assert shown(api, ident)["StopChargingMode"] == "NOT_APPLICABLE"
    postpaid = shown(api, api.launched(S.RUNNING))
    assert (postpaid["RenewFlag"], postpaid["ExpiredTime"]) == (None, None)


def test_a_prepaid_one_cannot_stop_being_charged(api: Api) -> None:
    ident = api.launched(S.RUNNING, **PREPAID)
    asked = {"InstanceIds": [ident], "StoppedMode": "STOP_CHARGING"}
    assert api.code("StopInstances", asked) == "UnsupportedOperation.StoppedModeStopCharging"


def test_terminating_a_prepaid_one_in_each_state(api: Api) -> None:
    ident = api.launched(S.RUNNING, **PREPAID)
    for state in sorted(InstanceState):
        api.put(ident, state)
        code = api.code("TerminateInstances", {"InstanceIds": [ident]})
        assert (code == "") == (allowed(Verb.ISOLATE, state) or state is S.SHUTDOWN), (state, code)
        assert not code or code in spec.error_list("cvm", "TerminateInstances") | COMMON
        if not code:
            (newest, *_) = operations_log.operations_of(api.cloud, ident)
            assert newest.verb is (Verb.TERMINATE if state is S.SHUTDOWN else Verb.ISOLATE)
            assert shown(api, ident)["LatestOperation"] == "TerminateInstances"


def test_charge_types_are_not_mixed(api: Api) -> None:
    both = [api.launched(S.RUNNING), api.launched(S.RUNNING, **PREPAID)]
    code = api.code("TerminateInstances", {"InstanceIds": both})
    assert code == "UnsupportedOperation.InstanceMixedPricingModel"
    assert {shown(api, ident)["InstanceState"] for ident in both} == {"RUNNING"}


def test_a_protected_one_stays(api: Api) -> None:
    for more in ({}, PREPAID):
        ident = api.launched(S.RUNNING, DisableApiTermination=True, **more)
        assert api.code("TerminateInstances", {"InstanceIds": [ident]}) == "UnsupportedOperation.InstancesProtected"
        api.ok("ModifyInstancesAttribute", {"InstanceIds": [ident], "DisableApiTermination": False})
        api.ok("TerminateInstances", {"InstanceIds": [ident]})


def test_what_else_a_launch_is_told_is_shown(api: Api) -> None:
    more = {
        "InstanceType": "LAB2.NANO128",
        "SystemDisk": {"DiskSize": 50, "DiskName": "root"},
        "CamRoleName": "reader",
        "Metadata": {"Items": [{"Key": "a", "Value": "b"}]},
        "CpuTopology": {"CoreCount": 1, "ThreadPerCore": 2},
        "HostName": "web{R:3}-{IP}",
    }
    found = shown(api, api.launched(S.RUNNING, **more))
    assert found["SystemDisk"]["DiskName"] == "root"
    assert found["CamRoleName"] == "reader"
    assert found["Metadata"] == {"Items": [{"Key": "a", "Value": "b"}]}
    assert found["CpuTopology"] == {"CoreCount": 1, "ThreadPerCore": 2}
    assert found["HostName"] == "web3-" + found["PrivateIpAddresses"][0].replace(".", "-")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("vpc-id", "vpc", "InvalidParameterValue.VpcIdMalformed"),
        ("subnet-id", "subnet", "InvalidParameterValue.SubnetIdMalformed"),
        ("uuid", "x", "InvalidParameterValue.UuidMalformed"),
        ("instance-id", "x", "InvalidParameterValue.InstanceIdMalformed"),
        ("private-ip-address", "1.2.3", "InvalidParameterValue.IPAddressMalformed"),
        ("public-ip-address", "x", "InvalidParameterValue.IPAddressMalformed"),
        ("ipv6-address", "1.2.3.4", "InvalidParameterValue.IPv6AddressMalformed"),
        ("security-group-id", "x", "InvalidSgId.Malformed"),
        ("host-id", "x", "InvalidHostId.Malformed"),
        ("zone", "ap-shanghai-2", "InvalidZone.MismatchRegion"),
        ("creation-start-time", "soon", "InvalidParameterValue.InvalidTimeFormat"),
        ("vpc-id", "vpc-00000000", ""),
        ("ipv6-address", "fe80::1", ""),
        ("host-id", "host-00000000", ""),
        ("security-group-id", "sg-00000000", ""),
    ],
)
def test_a_filter_that_cannot_match_is_refused_or_finds_nothing(api: Api, name: str, value: str, code: str) -> None:
    api.launched(S.RUNNING)
    asked = {"Filters": [{"Name": name, "Values": [value]}]}
    assert api.code("DescribeInstances", asked) == code
    if not code:
        assert api.ok("DescribeInstances", asked)["TotalCount"] == 0


def test_as_many_as_fit(api: Api) -> None:
    """Memory is what runs out."""
    many = {**LAUNCH, "InstanceType": "S5.SMALL1", "InstanceCount": 500}
    assert api.code("RunInstances", many).startswith("ResourceInsufficient")
    made = api.ok("RunInstances", {**many, "MinCount": 1})["InstanceIdSet"]
    assert 1 <= len(made) < 500
    assert api.code("RunInstances", {**many, "MinCount": 1}).startswith("ResourceInsufficient")
