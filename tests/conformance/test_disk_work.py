"""AttachDisks, DetachDisks, ResizeDisk and TerminateDisks over a real store: done, or refused by published codes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.error_codes import COMMON
from vmsim.model.disk import DISK_ACTIONS, DISK_OPERATIONS, DiskState, DiskVerb, SnapshotState
from vmsim.model.lifecycle import InstanceState
from vmsim.store import snapshots

from .cbs import GONE, Cbs, snapshot

pytestmark = pytest.mark.tools


def test_attached_detached_and_terminated(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED)
    first, second = cbs.created(), cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[first, second], DeleteWithInstance=True)
    assert cbs.disk(first)["DiskState"] == "ATTACHING"
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert shown["DataDisks"] == []
    cbs.work()
    found = cbs.disk(second)
    assert (found["DiskState"], found["InstanceId"], found["InstanceIdList"]) == ("ATTACHED", instance, [instance])
    assert found["DeleteWithInstance"] and found["Attached"] and found["InstanceType"] == "CVM"
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert [each["DiskId"] for each in shown["DataDisks"]] == [first, second]

    cbs.ok("DetachDisks", DiskIds=[first], InstanceId=instance)
    assert cbs.disk(first)["DiskState"] == "DETACHING"
    cbs.work()
    third = cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[third])
    cbs.work()
    shown = cbs.api.ok("DescribeInstances", {"InstanceIds": [instance]})["InstanceSet"][0]
    assert [each["DiskId"] for each in shown["DataDisks"]] == [third, second], "the lowest free position"
    assert cbs.disk(first)["LastAttachInsId"] == instance
    cbs.ok("TerminateDisks", DiskIds=[first])
    cbs.work()
    assert cbs.code("TerminateDisks", DiskIds=[first]) == "ResourceNotFound"


def test_who_may_not_be_attached(cbs: Cbs) -> None:
    instance, other = cbs.api.launched(InstanceState.STOPPED), cbs.api.launched(InstanceState.STOPPED)
    system = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")[0]
    good, elsewhere, taken = cbs.created(), cbs.created(Placement={"Zone": "ap-guangzhou-4"}), cbs.created()
    cbs.ok("AttachDisks", InstanceId=other, DiskIds=[taken])
    cbs.work()
    wrong = {
        system: "ResourceUnavailable.TypeError",
        elsewhere: "ResourceUnavailable.ZoneNotMatch",
        taken: "ResourceUnavailable.Attached",
        GONE: "InvalidDiskId.NotFound",
        "disk-NO": "InvalidParameterValue",
    }
    for ident, code in wrong.items():
        assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good, ident]) == code
        assert cbs.disk(good)["DiskState"] == "UNATTACHED", "all or nothing"
    assert cbs.code("AttachDisks", InstanceId="ins-00000000", DiskIds=[good]) == "InvalidInstanceId.NotFound"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good] * 11) == "InvalidParameterValue.LimitExceeded"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[]) == "MissingParameter"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[good], AttachMode="VF") == "UnsupportedOperation"


def test_a_prepaid_disk_is_not_made_to_go_with_an_instance(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED)
    bought = cbs.created(DiskChargeType="PREPAID", DiskChargePrepaid={"Period": 1})
    asked = {"InstanceId": instance, "DiskIds": [bought]}
    assert cbs.code("AttachDisks", **asked, DeleteWithInstance=True) == "InvalidDisk.NotSupported"
    cbs.ok("AttachDisks", **asked, DeleteWithInstance=False)


def test_who_may_not_be_detached(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    system = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")[0]
    bound = cbs.ids(instance_id=instance, disk_usage="DATA_DISK")[0]
    alone = cbs.created()
    assert cbs.code("DetachDisks", DiskIds=[system]) == "ResourceUnavailable.TypeError"
    assert cbs.code("DetachDisks", DiskIds=[bound]) == "ResourceUnavailable.NotPortable"
    assert cbs.code("DetachDisks", DiskIds=[alone]) == "ResourceUnavailable.NotSupported"
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[alone])
    cbs.work()
    other = cbs.api.launched(InstanceState.STOPPED)
    assert cbs.code("DetachDisks", DiskIds=[alone], InstanceId=other) == "InvalidParameterValue"
    cbs.ok("ModifyDiskAttributes", DiskIds=[bound], Portable=True)
    cbs.ok("DetachDisks", DiskIds=[bound, alone])


def test_twenty_data_disks_are_the_most(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}] * 19)
    made = [cbs.created(), cbs.created()]
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=made) == "LimitExceeded.InstanceAttachedDisk"
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=made[:1])


@pytest.mark.parametrize("state", sorted(InstanceState))
def test_each_state_of_the_instance(cbs: Cbs, state: InstanceState) -> None:
    """RUNNING and STOPPED are good for everything; the rest is refused with what is published."""
    instance = cbs.api.launched(InstanceState.STOPPED)
    first, second = cbs.created(), cbs.created()
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[first])
    cbs.work()
    cbs.api.put(instance, state)
    good = state in (InstanceState.RUNNING, InstanceState.STOPPED)
    asked = (
        ("AttachDisks", {"InstanceId": instance, "DiskIds": [second]}),
        ("ResizeDisk", {"DiskId": first, "DiskSize": 20}),
        ("DetachDisks", {"DiskIds": [first]}),
    )
    for action, params in asked:
        cbs.put(first, state=DiskState.ATTACHED)
        code = cbs.code(action, **params)
        assert (code == "") == good, (action, code)
        assert not code or code in spec.error_list("cbs", action), (action, code)
    if state.transitional:
        assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[second]) == "ResourceBusy"


@pytest.mark.parametrize("verb", [verb for verb in DiskVerb if verb is not DiskVerb.ROLLBACK])
def test_each_state_of_the_disk(cbs: Cbs, verb: DiskVerb) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED)
    asked: dict[DiskVerb, dict[str, Any]] = {
        DiskVerb.ATTACH: {"InstanceId": instance},
        DiskVerb.RESIZE: {"DiskSize": 20},
    }
    for state in DiskState:
        ident = cbs.created()
        on = state in (DiskState.ATTACHED, DiskState.ATTACHING, DiskState.DETACHING)
        cbs.put(ident, state=state, instance_id=instance if on else "", position=1 if on else -1)
        named = {"DiskId": ident} if verb is DiskVerb.RESIZE else {"DiskIds": [ident]}
        code = cbs.code(DISK_ACTIONS[verb], **named, **asked.get(verb, {}))
        assert (code == "") == (state in DISK_OPERATIONS[verb].allowed), (state, code)
        assert not code or code in spec.error_list("cbs", DISK_ACTIONS[verb]) | COMMON
        cbs.put(ident, state=DiskState.UNATTACHED, instance_id="", position=-1)
        cbs.asked.clear()


def test_a_data_disk_only_grows(cbs: Cbs) -> None:
    instance = cbs.api.launched(InstanceState.STOPPED, DataDisks=[{"DiskSize": 10}])
    (system,) = cbs.ids(instance_id=instance, disk_usage="SYSTEM_DISK")
    (bound,) = cbs.ids(instance_id=instance, disk_usage="DATA_DISK")
    ident = cbs.created()
    assert cbs.code("ResizeDisk", DiskId=system, DiskSize=60) == "InvalidDisk.NotSupported"
    cbs.ok("ResizeDisk", DiskId=bound, DiskSize=20)
    assert cbs.disk(bound)["DiskState"] == "EXPANDING"
    cbs.asked.clear()  # a launch that nobody carries out has no files to grow
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=10) == "InvalidParameterValue"
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=32001) == "InvalidParameterValue"
    assert cbs.code("ResizeDisk", DiskSize=20) == "MissingParameter"
    assert cbs.code("ResizeDisk", DiskId=GONE, DiskSize=20) == "InvalidDiskId.NotFound"
    cbs.ok("ResizeDisk", DiskId=ident, DiskSize=25)
    assert (cbs.disk(ident)["DiskState"], cbs.disk(ident)["DiskSize"]) == ("EXPANDING", 10)
    cbs.work()
    assert (cbs.disk(ident)["DiskState"], cbs.disk(ident)["DiskSize"]) == ("UNATTACHED", 25)
    cbs.ok("AttachDisks", InstanceId=instance, DiskIds=[ident])
    cbs.work()
    asked = {"InstanceId": instance, "DataDisks": [{"DiskId": ident, "DiskSize": 30}]}
    assert cbs.api.code("ResizeInstanceDisks", asked) == "UnsupportedOperation.InvalidDataDisk"


def test_a_snapshot_under_way_keeps_the_disk_as_it_is(cbs: Cbs) -> None:
    ident = cbs.created()
    snapshot(cbs, ident, state=SnapshotState.CREATING)
    instance = cbs.api.launched(InstanceState.STOPPED)
    assert cbs.code("ResizeDisk", DiskId=ident, DiskSize=20) == "ResourceUnavailable.SnapshotCreating"
    assert cbs.code("AttachDisks", InstanceId=instance, DiskIds=[ident]) == "ResourceBusy"
    assert cbs.code("TerminateDisks", DiskIds=[ident]) == "ResourceBusy"


@pytest.mark.parametrize(("at_creation", "asked"), [({}, {"DeleteSnapshot": 1}), ({"DeleteSnapshot": 1}, {})])
def test_snapshots_that_expire_can_go_with_their_disk(
    cbs: Cbs, at_creation: dict[str, int], asked: dict[str, int]
) -> None:
    ident = cbs.created(**at_creation)
    expires = cbs.api.cloud.clock.now() + timedelta(days=2)
    goes = snapshot(cbs, ident, deadline=expires)
    stays = snapshot(cbs, ident, id="snap-stays000", path=goes.path + "2")
    assert (cbs.disk(ident)["SnapshotCount"], cbs.disk(ident)["SnapshotSize"]) == (2, 20)
    cbs.ok("TerminateDisks", DiskIds=[ident], **asked)
    cbs.work()
    with cbs.api.cloud.store.reading() as connection:
        assert [one.id for one in snapshots.where(connection)] == [stays.id]
    assert not Path(goes.path).exists() and Path(stays.path).exists()
