"""The actions that are simulated. What the schema knows beyond them is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from vmsim.api.action import Action
from vmsim.api.cam import reads
from vmsim.api.cbs import disk_work, disks, snapshots
from vmsim.api.cvm import (
    attributes,
    catalogue,
    edits,
    images,
    instances,
    key_pairs,
    offers,
    power,
    prices,
    reinstall,
    run,
    security_groups,
    user_data,
    vnc,
)
from vmsim.api.monitor import base_metrics, data
from vmsim.api.sts import identity
from vmsim.api.tag import binding, resources, tags
from vmsim.api.vpc import addresses, interfaces, route_tables, security_group_policies, subnets, vpcs
from vmsim.api.vpc import security_groups as vpc_security_groups

_MODULES: tuple[ModuleType, ...] = (
    attributes,
    catalogue,
    edits,
    images,
    instances,
    key_pairs,
    offers,
    power,
    prices,
    reinstall,
    run,
    user_data,
    vnc,
    disks,
    disk_work,
    snapshots,
    vpcs,
    subnets,
    route_tables,
    interfaces,
    addresses,
    binding,
    resources,
    tags,
    identity,
    base_metrics,
    data,
    reads,
    security_groups,
    security_group_policies,
    vpc_security_groups,
)
ACTIONS: Mapping[tuple[str, str], Action] = {
    (found.service, found.name): found
    for module in _MODULES
    for found in vars(module).values()
    if isinstance(found, Action)
}
