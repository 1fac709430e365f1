"""Unbind key pairs. When none is left, the earlier password works again over SSH."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import key_pairs
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import associate_keys, offline
from vmsim.cloud.operations.bound_keys import write_keys
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.instance import Instance

prepare = associate_keys.prepare


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    key_pairs.require(connection, instance.region, given["key_ids"])
    return given


def perform(work: Work) -> Outcome:
    unwanted = set(work.record.arguments["key_ids"])

    def edit(instance: Instance) -> dict[str, Any]:
        left = [key_id for key_id in instance.key_ids if key_id not in unwanted]
        write_keys(work, instance, left)
        return {"key_ids": tuple(left)}

    return offline.perform(work, edit)
