"""Attributes of instances that are only recorded. What must be written into the guest is an operation (modify.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import events, instances, names
from vmsim.cloud.context import Cloud
from vmsim.cloud.permission import demand, known, named
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.lifecycle import ACTIONS, OperationState, Verb
from vmsim.model.operation import Caller
from vmsim.store import instances as store

LONGEST_NAME = 60
Changes = Callable[[Connection, Instance], dict[str, Any]]
"""Fields of one instance's record; it may refuse."""
_ROLE = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


def modify(
    cloud: Cloud, ids: Sequence[str], changes: dict[str, Any], *, region: str, caller: Caller, request_id: str
) -> None:
    """For all of them or for none; done when it returns. `changes` are fields of the record, checked already."""
    modify_each(cloud, ids, lambda _connection, _: changes, region=region, caller=caller, request_id=request_id)


def modify_each(
    cloud: Cloud, ids: Sequence[str], changes_of: Changes, *, region: str, caller: Caller, request_id: str
) -> None:
    """As `modify`, where the changes are an instance's own, or what they depend on may change meanwhile."""
    wanted = named(ids)
    with cloud.store.writing() as connection:
        found = store.by_ids(connection, wanted)
        chosen = [known(found.get(one), one, region) for one in wanted]
        for instance in chosen:
            demand(Verb.MODIFY, instance)
        for instance in chosen:
            changes = changes_of(connection, instance)
            latest = LatestOperation(Verb.MODIFY, OperationState.SUCCESS, request_id)
            store.change(connection, instance.id, **changes, latest=latest)
            events.record(
                cloud,
                connection,
                "request",
                f"{ACTIONS[Verb.MODIFY]} of {', '.join(changes)} done ({caller.words})",
                instance_id=instance.id,
                data={"changes": _told(changes), "request_id": request_id},
            )
    cloud.news.ring()


def set_host_name(
    cloud: Cloud, ids: Sequence[str], name: str, *, reboot: bool, region: str, caller: Caller, request_id: str
) -> None:
    """At once, which reboots a running guest; or recorded, and written to the disk before the next start."""
    if reboot:
        asked = {"host_name": name}
        instances.submit(cloud, Verb.MODIFY, ids, asked, region=region, caller=caller, request_id=request_id)
        return
    changes = {"host_name": names.check_host_name(name), "pending_host_name": True}
    modify(cloud, ids, changes, region=region, caller=caller, request_id=request_id)


def check_name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise UsageError(
            f"An instance's new name has at most {LONGEST_NAME} characters.", code="InvalidInstanceName.TooLong"
        )
    return names.check(name)


def check_role(role: str) -> str:
    """The name of a CAM role; "" is none."""
    if role and not _ROLE.fullmatch(role):
        raise UsageError(f"{role!r} cannot be the name of a role.", code="InvalidParameterValue.CamRoleNameMalformed")
    return role


def _told(changes: dict[str, Any]) -> dict[str, Any]:
    """User data may hold secrets."""
    return {name: value for name, value in changes.items() if name != "user_data"}
