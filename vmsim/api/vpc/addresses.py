"""EIPs: AllocateAddresses, AssociateAddress, DisassociateAddress, TransformAddress, ReleaseAddresses, their changes
and quotas, what else is asked on their account, and DescribeTaskResult, which tells how far each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.api import paging, tags
from vmsim.api.action import Call, Reply, action
from vmsim.api.unsimulated import NOTHING, only
from vmsim.api.vpc import address_view
from vmsim.cloud import address_quotas, elastic, elastic_query, instances
from vmsim.cloud.elastic import AddressRequest, Asker
from vmsim.cloud.instances import InstanceQuery
from vmsim.model import charges, ids
from vmsim.model.address import BY_TRAFFIC, PREPAID
from vmsim.model.errors import Missing, NotFound, NotSimulated, UsageError
from vmsim.model.lifecycle import OperationState
from vmsim.model.network import instance_of

_RENEW = {0: charges.MANUAL_RENEW, 1: charges.AUTO_RENEW, 2: "DISABLE_NOTIFY_AND_MANUAL_RENEW"}
_RESULTS = {OperationState.OPERATING: "RUNNING", OperationState.SUCCESS: "SUCCESS", OperationState.FAILED: "FAILED"}
_LONGEST_TOKEN = 64
_ENTITY = ("InstanceId", "NetworkInterfaceId", "PrivateIpAddress")
_WRONG = "InvalidParameterValue"
_DIRECT = {"EipDirectConnection": "it is shown; the guest's card has its private address all the same"}


@action(
    "AllocateAddresses",
    service="vpc",
    refused={
        "InternetServiceProvider": only("BGP", of="CMCC CTCC CUCC"),
        "InternetChargeType": only(
            "TRAFFIC_POSTPAID_BY_HOUR",
            "BANDWIDTH_POSTPAID_BY_HOUR",
            "BANDWIDTH_PREPAID_BY_MONTH",
            of="BANDWIDTH_PACKAGE",
        ),
        "IPChargeType": NOTHING,
        "AddressType": only("EIP", of="AnycastEIP HighQualityEIP AntiDDoSEIP ResidentialEIP"),
        "AnycastZone": NOTHING,
        "VipCluster": NOTHING,
        "ApplicableForCLB": NOTHING,
        "BandwidthPackageId": NOTHING,
        "DedicatedClusterId": NOTHING,
        "IsDedicatedAddressPool": NOTHING,
        "Egress": only("center_egress1"),
        "AntiDDoSPackageId": NOTHING,
    },
)
def allocate(call: Call) -> Reply:
    params = call.params
    charge_type = params.get("InternetChargeType") or BY_TRAFFIC
    months, renew = _prepaid(params, charge_type)
    asked = AddressRequest(
        count=params.get("AddressCount", 1),
        name=params.get("AddressName", ""),
        charge_type=charge_type,
        bandwidth=params.get("InternetMaxBandwidthOut", 1),
        prepaid_months=months,
        renew_flag=renew,
        tags=tags.listed(params.get("Tags", [])),
        client_token=_token(params),
    )
    made, number = elastic.allocate(call.cloud, call.region, asked, _asker(call))
    return {"AddressSet": made, "TaskId": str(number)}


@action(
    "AssociateAddress", service="vpc", limits={**_DIRECT, "InstanceRegion": "only the region that the call is made in"}
)
def associate(call: Call) -> Reply:
    """To the instance's one card and its one private address, whichever of them is named."""
    params = call.params
    instance_id = _asked_for(call)
    if params.get("InstanceRegion", call.region) not in ("", call.region):
        raise NotSimulated("An instance of another region (InstanceRegion) is not simulated.")
    number = elastic.bind(
        call.cloud,
        call.region,
        params["AddressId"],
        instance_id,
        direct=params.get("EipDirectConnection"),
        asker=_asker(call),
    )
    return {"TaskId": str(number)}


def _asked_for(call: Call) -> str:
    """The instance's id. Raises UsageError for a card that has not this address, NotFound for one that is none."""
    instance, card, address = (call.params.get(name, "") for name in _ENTITY)
    if instance and (card or address):
        raise UsageError(f"{_ENTITY[0]} excludes {_ENTITY[1]} and {_ENTITY[2]}.", code=f"{_WRONG}.Combination")
    if instance:
        return str(instance)
    if not card or not address:
        words = f"InstanceId is missing, or {_ENTITY[1]} with {_ENTITY[2]}."
        raise Missing(words, code=f"{_WRONG}.MissingAssociateEntity")
    asked = InstanceQuery(region=call.region, ids=(instance_of(ids.check("eni", card)),))
    found = instances.query(call.cloud, asked).items
    if not found:
        raise NotFound("network interface", card, code="InvalidNetworkInterfaceId.NotFound")
    if found[0].private_ip != address:
        raise UsageError(
            f"Network interface {card} has {found[0].private_ip}, not {address}.",
            code=f"{_WRONG}.PrivateIpAddressNotMatch",
        )
    return found[0].id


@action("DisassociateAddress", service="vpc")
def disassociate(call: Call) -> Reply:
    reallocate = call.params.get("ReallocateNormalPublicIp", False)
    asked = {"reallocate": reallocate, "asker": _asker(call)}
    return {"TaskId": str(elastic.unbind(call.cloud, call.region, call.params["AddressId"], **asked))}


@action("ReleaseAddresses", service="vpc")
def release(call: Call) -> Reply:
    named = paging.required_ids(call.params, "AddressIds", "eip")
    return {"TaskId": str(elastic.release(call.cloud, call.region, named, _asker(call)))}


@action("TransformAddress", service="vpc")
def transform(call: Call) -> Reply:
    ident, number = elastic.transform(call.cloud, call.region, call.params["InstanceId"], _asker(call))
    return {"AddressId": ident, "TaskId": number}


@action("ModifyAddressAttribute", service="vpc", refused={"EipVisibleOnEni": NOTHING}, limits=_DIRECT)
def modify(call: Call) -> Reply:
    params = call.params
    direct = _direct(params.get("EipDirectConnection", ""))
    elastic.modify(call.cloud, call.region, params["AddressId"], name=params.get("AddressName"), direct=direct)
    return {}


@action("ModifyAddressesBandwidth", service="vpc", refused={"StartTime": NOTHING, "EndTime": NOTHING})
def modify_bandwidth(call: Call) -> Reply:
    named = paging.required_ids(call.params, "AddressIds", "eip")
    bandwidth = call.params["InternetMaxBandwidthOut"]
    return {"TaskId": str(elastic.shape(call.cloud, call.region, named, bandwidth, _asker(call)))}


@action("DescribeAddresses", service="vpc")
def describe(call: Call) -> Reply:
    """An ordinary address of an instance is shown when address-type asks for WanIP, and has no id."""
    params = call.params
    named = paging.given_ids(params, "AddressIds", "eip")
    filtered = paging.filters(params)
    paging.not_both(named, filtered, "AddressIds")
    offset, limit = paging.offset(params, _WRONG), paging.limit(params)
    page = elastic_query.query(call.cloud, call.region, named, filtered, offset, limit)
    return {"TotalCount": page.total, "AddressSet": [address_view.address(one) for one in page.items]}


@action("DescribeAddressQuota", service="vpc")
def quota(call: Call) -> Reply:
    found = address_quotas.quotas(call.cloud, call.region)
    return {
        "QuotaSet": [
            {"QuotaId": one.id, "QuotaCurrent": one.used, "QuotaLimit": one.most, "QuotaGroup": call.region}
            for one in found
        ]
    }


@action("DescribeBandwidthPackages", service="vpc")
def bandwidth_packages(call: Call) -> Reply:
    """There are none; the Terraform provider asks at each look at an EIP."""
    paging.given_ids(call.params, "BandwidthPackageIds", "bwp")
    paging.filters(call.params)
    paging.offset(call.params), paging.limit(call.params)
    return {"TotalCount": 0, "BandwidthPackageSet": []}


@action("DescribeNetworkAccountType", service="vpc")
def account_type(call: Call) -> Reply:
    """An account whose bandwidth belongs to addresses, and not to instances."""
    return {"NetworkAccountType": "STANDARD"}


@action("DescribeTaskResult", service="vpc", refused={"DealName": NOTHING})
def task_result(call: Call) -> Reply:
    number = call.params.get("TaskId")
    if number is None:
        raise Missing("TaskId is missing.", code="MissingParameter")
    return {"TaskId": number, "Result": _RESULTS[elastic.task(call.cloud, number)]}


def _asker(call: Call) -> Asker:
    return Asker(call.caller, call.request_id)


def _prepaid(params: Mapping[str, Any], charge_type: str) -> tuple[int, str]:
    """Months and renewal; of PREPAID alone."""
    given = params.get("AddressChargePrepaid", {})
    if (charge_type == PREPAID) != bool(given):
        raise UsageError(
            f"AddressChargePrepaid belongs to {PREPAID}, and to nothing else.",
            code="InvalidParameterValue.Combination",
        )
    if not given:
        return 0, ""
    flag = given.get("AutoRenewFlag", 1)
    if flag not in _RENEW:
        raise UsageError(f"AutoRenewFlag is {flag}; it is 0, 1 or 2.", code=_WRONG)
    if given["Period"] not in charges.MONTHS:
        raise UsageError(f"{given['Period']} months cannot be bought.", code=_WRONG)
    return given["Period"], _RENEW[flag]


def _token(params: Mapping[str, Any]) -> str:
    token: str = params.get("ClientToken", "")
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise UsageError(f"ClientToken has more than {_LONGEST_TOKEN} characters, or others than ASCII.", code=_WRONG)
    return token


def _direct(given: str) -> bool | None:
    if given.upper() not in ("", "TRUE", "FALSE"):
        raise UsageError(f"EipDirectConnection is {given!r}; it is TRUE or FALSE.", code=_WRONG)
    return given.upper() == "TRUE" if given else None
