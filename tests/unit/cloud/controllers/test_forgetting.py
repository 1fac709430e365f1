from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_fixture import SetClock, launched, settled, submit
from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers.forgetting import WORK_EVERY, Forgetting
from vmsim.cloud.operations_log import operation, operations_of
from vmsim.model.errors import NotFound
from vmsim.model.lifecycle import Verb


def test_work_on_what_is_gone_is_forgotten_with_its_events(cloud: Cloud) -> None:
    small = replace(cloud, settings=replace(cloud.settings, events_kept=3))
    there, gone = launched(cloud), launched(cloud)
    submit(cloud, Verb.TERMINATE, gone.id)
    settled(cloud, gone.id)
    terminated, launch = operations_of(cloud, gone.id)
    forgetting = Forgetting(small)

    forgetting.reconcile()
    assert operation(cloud, terminated.id) == terminated  # its events are the newest there are
    with pytest.raises(NotFound):
        operation(cloud, launch.id)
    assert operations_of(cloud, there.id)

    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(WORK_EVERY)
    for number in range(3):
        events.note(cloud, "test", f"event {number}")
    forgetting.reconcile()
    assert operations_of(cloud, gone.id) == ()
    assert operations_of(cloud, there.id)


def test_nothing_is_forgotten_while_the_log_is_whole(cloud: Cloud) -> None:
    gone = launched(cloud)
    submit(cloud, Verb.TERMINATE, gone.id)
    settled(cloud, gone.id)
    Forgetting(cloud).reconcile()
    assert len(operations_of(cloud, gone.id)) == 2
