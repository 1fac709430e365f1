"""Another host name, on the disk: a running guest is rebooted for it. (What is only recorded: `cloud.attributes`.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, names
from vmsim.cloud.context import Cloud
from vmsim.cloud.first_boot import host_name_edits
from vmsim.cloud.operations import offline
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host.guest_disk import atomic
from vmsim.model.instance import Instance


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "host_name")
    return {"host_name": names.check_host_name(arguments.text(given, "host_name"))}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    return given


def perform(work: Work) -> Outcome:
    host_name: str = work.record.arguments["host_name"]

    def edit(instance: Instance) -> dict[str, Any]:
        work.step("host-name", f"writing the host name {host_name} to the disk")
        edits = host_name_edits(instance, host_name)
        atomic.edit(Path(instance.system_disk.path), edits, step=lambda name: work.step(f"host-name.{name}"))
        return {"host_name": host_name, "pending_host_name": False}

    return offline.perform(work, edit, passage=offline.REBOOT)
