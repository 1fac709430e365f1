"""Bind key pairs: they replace those bound before, and password login goes off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, key_pairs
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import offline
from vmsim.cloud.operations.bound_keys import write_keys
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model import ids
from vmsim.model.instance import Instance


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "key_ids")
    return {"key_ids": [ids.check("skey", one) for one in arguments.names(given, "key_ids")]}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    key_pairs.require(connection, instance.region, given["key_ids"])
    return given


def perform(work: Work) -> Outcome:
    wanted: list[str] = work.record.arguments["key_ids"]

    def edit(instance: Instance) -> dict[str, Any]:
        write_keys(work, instance, wanted)
        return {"key_ids": tuple(wanted)}

    return offline.perform(work, edit)
