"""Subnets and security groups by the names they were given, as the command line takes them; the cloud takes ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vmsim.cloud.context import Cloud
from vmsim.model import ids
from vmsim.model.errors import NotFound, UsageError
from vmsim.model.launch import LaunchRequest
from vmsim.model.network import Subnet
from vmsim.model.security_group import SecurityGroup
from vmsim.store import networks, security_groups
from vmsim.store.schema import security_groups as groups
from vmsim.store.schema import subnets


def by_ids(cloud: Cloud, request: LaunchRequest) -> LaunchRequest:
    """The same launch with ids where it has names."""
    with cloud.store.reading() as connection:
        known_subnets = networks.subnets_where(connection, subnets.c.region == request.region)
        known_groups = security_groups.where(connection, groups.c.region == request.region)
    return replace(
        request,
        subnet_id=_id("subnet", request.subnet_id, known_subnets) if request.subnet_id else "",
        security_group_ids=tuple(_id("sg", word, known_groups) for word in request.security_group_ids),
    )


def of_groups(cloud: Cloud, idents: Iterable[str]) -> list[dict[str, str]]:
    """Their ids and names, in this order."""
    wanted = list(idents)
    with cloud.store.reading() as connection:
        names = {group.id: group.name for group in security_groups.where(connection, groups.c.id.in_(wanted))}
    return [{"id": ident, "name": names.get(ident, "")} for ident in wanted]


def _id(prefix: str, word: str, known: Iterable[Subnet | SecurityGroup]) -> str:
    """Raises NotFound, or UsageError for a name that several have."""
    there = list(known)
    if ids.is_id(prefix, word):
        return word
    found = [each.id for each in there if each.name == word]
    if not found:
        names = ", ".join(sorted(f"{each.name} ({each.id})" for each in there))
        raise NotFound(ids.NOUNS[prefix], word, hint=f"There are: {names}." if names else "")
    if len(found) > 1:
        raise UsageError(f"{word} is the name of several: {', '.join(sorted(found))}.", hint="Name one by its id.")
    return found[0]
