"""VPC, asked without a network. What was accepted is recorded, and ends when the test says so: the machine's part needs
a network of its own, and is looked at there (tests/unit/cloud/in_namespace, tests/integration)."""

from __future__ import annotations

from typing import Any

from vmsim.cloud.jobs.job import JobOutcome, settle
from vmsim.cloud.jobs.kinds import KINDS
from vmsim.store import jobs

from .wire import ZONE, Api


def ok(api: Api, action: str, **params: Any) -> dict[str, Any]:
    return api.ok(action, params, service="vpc")


def code(api: Api, action: str, **params: Any) -> str:
    return api.code(action, params, service="vpc")


def message(api: Api, action: str, **params: Any) -> str:
    found: str = api.call(action, params, service="vpc")["Error"]["Message"]
    return found


def network(api: Api, cidr: str = "10.0.0.0/16", **more: Any) -> str:
    """The id of a new VPC."""
    found: str = ok(api, "CreateVpc", **{"VpcName": "net", "CidrBlock": cidr, **more})["Vpc"]["VpcId"]
    return found


def subnet(api: Api, vpc_id: str, cidr: str = "10.0.0.0/24", **more: Any) -> dict[str, Any]:
    asked = {"VpcId": vpc_id, "SubnetName": "sub", "Zone": ZONE, "CidrBlock": cidr, **more}
    found: dict[str, Any] = ok(api, "CreateSubnet", **asked)["Subnet"]
    return found


def address(api: Api, **more: Any) -> str:
    """The id of a new EIP that is free."""
    (ident,) = ok(api, "AllocateAddresses", **more)["AddressSet"]
    ended(api)
    return str(ident)


def ended(api: Api, error: str = "") -> None:
    """Everything that was accepted is done, or has failed."""
    with api.cloud.store.reading() as connection:
        left = jobs.unsettled(connection)
    for record in left:
        settle(api.cloud, record, JobOutcome(not error, error), KINDS[record.kind].settle)


def filters(**wanted: str) -> list[dict[str, Any]]:
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]
