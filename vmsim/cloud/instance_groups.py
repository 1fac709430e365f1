"""Which security groups an instance has, in which order. An instance is never without one: it would be cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import firewall, security_groups
from vmsim.cloud.attributes import Changes, modify_each
from vmsim.cloud.context import Cloud
from vmsim.model.errors import Missing, NotFound, Refused
from vmsim.model.instance import Instance


def put(cloud: Cloud, ids: Sequence[str], groups: Sequence[str], **asked: Any) -> None:
    """These and no others, in this order."""
    if not groups:
        raise Missing("An instance needs a security group; none was named.", code="MissingParameter")
    _change(cloud, ids, lambda connection, one: _having(security_groups.checked(connection, one.region, groups)), asked)


def associate(cloud: Cloud, ids: Sequence[str], group: str, **asked: Any) -> None:
    """This one, too, behind those that an instance has."""
    _change(
        cloud,
        ids,
        lambda connection, one: _having(
            security_groups.checked(connection, one.region, [*one.security_group_ids, group])
        ),
        asked,
    )


def disassociate(cloud: Cloud, ids: Sequence[str], group: str, **asked: Any) -> None:
    """Not this one any more."""

    def without(connection: Connection, one: Instance) -> dict[str, Any]:
        security_groups.require(connection, one.region, group)
        left = tuple(ident for ident in one.security_group_ids if ident != group)
        if len(left) == len(one.security_group_ids):
            raise NotFound("security group", f"{group} of instance {one.id}")
        if not left:
            raise Refused(
                f"{group} is the only security group of instance {one.id}.",
                hint="Associate another one first.",
                code="UnsupportedOperation",
            )
        return _having(left)

    _change(cloud, ids, without, asked)


def _having(groups: tuple[str, ...]) -> dict[str, Any]:
    return {"security_group_ids": groups}


def _change(cloud: Cloud, ids: Sequence[str], changes_of: Changes, asked: dict[str, Any]) -> None:
    """When it returns the lab's filters know it."""
    modify_each(cloud, ids, changes_of, **asked)
    firewall.apply(cloud)
