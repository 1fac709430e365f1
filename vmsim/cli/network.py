"""`vmsim network`."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.options import region_option
from vmsim.cli.session import Session, pass_session


@click.group("network")
def command() -> None:
    """List subnets, security groups and EIPs.

    The cloud's own API makes and changes them: `vmsim run -- tccli vpc CreateSubnet …`.
    """


@command.command("list")
@region_option
@output.output_option
@pass_session
def listing(session: Session, region: str | None, form: str) -> None:
    """List subnets with the VPCs that they are in, security groups, and EIPs.

    `vmsim launch --subnet SUBNET --group GROUP` takes the names and ids of the first two.
    """
    found = session.client.get("/v1/networks", region=region)
    if form == "json":
        output.print_json(found)
        return
    output.print_table(("SUBNET", "NAME", "RANGE", "ZONE", "FREE", "VPC", "NAME"), list(map(_subnet, found["subnets"])))
    click.echo()
    groups = list(map(_group, found["security_groups"]))
    output.print_table(("SECURITY GROUP", "NAME", "IN", "OUT", "INSTANCES"), groups)
    if found["addresses"]:
        click.echo()
        output.print_table(("EIP", "NAME", "ADDRESS", "STATUS", "INSTANCE"), list(map(_address, found["addresses"])))


def _subnet(each: dict[str, Any]) -> tuple[object, ...]:
    vpc = each["vpc"]
    return (each["id"], each["name"], each["cidr"], each["zone"], each["free"], vpc["id"], vpc["name"])


def _group(each: dict[str, Any]) -> tuple[object, ...]:
    return (each["id"], each["name"], len(each["ingress"]), len(each["egress"]), len(each["instance_ids"]))


def _address(each: dict[str, Any]) -> tuple[object, ...]:
    return (each["id"], each["name"], each["ip"], each["status"], each["instance_id"] or "-")
