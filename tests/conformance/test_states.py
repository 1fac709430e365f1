"""Every action in every condition of an instance: the published code, and nothing is changed by a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.simulated import ACTIONS
from vmsim.model import ids
from vmsim.model.disk import SnapshotState
from vmsim.model.instance import LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.store import snapshots

from .matrix import IN_PROGRESS, MATRIX, STATES, STOP_CHARGING, TASK_RUNNING, Row
from .wire import LAUNCH, Api

pytestmark = pytest.mark.walks

WALKED: dict[str, dict[str, Any]] = {
    "StartInstances": {},
    "StopInstances": {},
    "RebootInstances": {},
    "TerminateInstances": {},
    "ResetInstancesType": {"InstanceType": "LAB1.NANO256"},
    "ResizeInstanceDisks": {"SystemDisk": {"DiskSize": 60}},
    "ResetInstancesPassword": {"Password": "Better-123"},
    "AssociateInstancesKeyPairs": {"KeyIds": ["the key"]},
    "DisassociateInstancesKeyPairs": {"KeyIds": ["the key"]},
    "ResetInstance": {},
    "ModifyInstancesAttribute": {"InstanceName": "renamed"},
    "DescribeInstanceVncUrl": {},
    "CreateImage": {},
}
"""Each with what it takes besides the instance."""
ONE_AT_A_TIME = {"ResetInstancesType", "ResizeInstanceDisks", "ResetInstance", "DescribeInstanceVncUrl", "CreateImage"}
OPERATING = LatestOperation(Verb.RESET_TYPE, OperationState.OPERATING, "another request")


@pytest.fixture
def key(api: Api) -> str:
    return api.key_pair()


def asked(action: str, ident: str, key: str) -> dict[str, Any]:
    one = spec.service("cvm").members(f"{action}Request")
    named = {"InstanceIds": [ident]} if "InstanceIds" in one else {"InstanceId": ident}
    more = WALKED[action]
    return {**named, **({"KeyIds": [key]} if "KeyIds" in more else more)}


def fresh(api: Api, action: str) -> dict[str, Any]:
    """An image has a name of its own, and a disk one snapshot at a time: those before are as if they had been made."""
    if action != "CreateImage":
        return {}
    with api.cloud.store.writing() as connection:
        for snapshot in snapshots.where(connection):
            snapshots.change(connection, snapshot.id, state=SnapshotState.NORMAL)
    return {"ImageName": ids.new("name")}


def shown(api: Api, named: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.ok("DescribeInstances", {"InstanceIds": named, "Limit": 100})["InstanceSet"]
    return found


def test_the_walk_misses_no_action() -> None:
    """An action that becomes simulated has to be walked."""
    assert set(MATRIX) == set(WALKED)
    assert set(WALKED) == {action for action in MATRIX if ("cvm", action) in ACTIONS}
    assert set(STATES) == {state.value for state in InstanceState}


@pytest.mark.parametrize("action", MATRIX)
def test_the_rows_are_the_published_lists(action: str) -> None:
    row, listed = MATRIX[action], spec.error_list("cvm", action)
    for suffix in STATES.values():
        assert (suffix in row.listed) == (f"UnsupportedOperation.InstanceState{suffix}" in listed), suffix
    assert row.stop_charging == (STOP_CHARGING in listed)
    assert row.in_progress == (IN_PROGRESS in listed)
    assert row.task_running == (TASK_RUNNING in listed)


@pytest.mark.parametrize("action", WALKED)
def test_each_condition_is_accepted_or_refused_with_its_code(api: Api, key: str, action: str) -> None:
    ident = api.launched(InstanceState.RUNNING)
    for condition, expected in conditions(MATRIX[action]):
        api.put(ident, key_ids=(key,), **condition)
        before = shown(api, [ident])
        code = api.code(action, {**asked(action, ident, key), **fresh(api, action)})
        assert code == expected, condition
        assert not code or shown(api, [ident]) == before, condition


def conditions(row: Row) -> Iterator[tuple[dict[str, Any], str]]:
    """What an instance can be in, with the code that the row has for it."""
    plain: dict[str, Any] = {"latest": LatestOperation(), "stop_charging": False}
    for state in InstanceState:
        yield {**plain, "state": state}, row.refused_in(state.value)
    for state in (InstanceState.RUNNING, InstanceState.STOPPED):
        yield {**plain, "state": state, "latest": OPERATING}, row.refused_while_operating
    yield {**plain, "state": InstanceState.STOPPED, "stop_charging": True}, row.refused_without_charging
    # A state that it passes through wins over all else.
    for state in (state for state in InstanceState if state.transitional):
        yield {"state": state, "latest": OPERATING, "stop_charging": True}, row.refused_in(state.value)


def test_a_disk_is_resized_online_only_of_a_running_instance(api: Api) -> None:
    """The one meaning of Stopped in the list of ResizeInstanceDisks."""
    ident = api.launched(InstanceState.STOPPED)
    online = {"InstanceId": ident, "SystemDisk": {"DiskSize": 60}, "ResizeOnline": True}
    assert api.code("ResizeInstanceDisks", online) == "UnsupportedOperation.InstanceStateStopped"


def test_a_batch_of_a_hundred_of_mixed_states_is_refused_whole(api: Api, key: str) -> None:
    named: list[str] = api.ok("RunInstances", {**LAUNCH, "InstanceCount": 100})["InstanceIdSet"]
    states = [list(InstanceState)[index % len(InstanceState)] for index in range(100)]
    for ident, state in zip(named, states, strict=True):
        api.put(ident, state, key_ids=(key,))
    before = shown(api, named)
    for action in sorted(set(WALKED) - ONE_AT_A_TIME):
        refused = [MATRIX[action].refused_in(state.value) for state in states]
        code = api.code(action, {**asked(action, "", key), "InstanceIds": named})
        assert code == next(filter(None, refused)), action
        assert shown(api, named) == before, action
