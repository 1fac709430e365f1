"""The actions that are simulated. What the schema knows beyond them is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from vmsim.api.action import Action
from vmsim.api.cbs import disk_work, disks
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
    vnc,
)

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
    vnc,
    disks,
    disk_work,
)
ACTIONS: Mapping[tuple[str, str], Action] = {
    (found.service, found.name): found
    for module in _MODULES
    for found in vars(module).values()
    if isinstance(found, Action)
}
