from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cloud_fixture import SetClock, launched, now, put, settled, submit
from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers import expiry
from vmsim.cloud.operations_log import operations_of
from vmsim.cloud.query import InstanceQuery, query
from vmsim.model import charges
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, Verb

S = InstanceState
DAY = 86400.0


def prepaid(cloud: Cloud, state: S = S.RUNNING, **wanted: Any) -> Instance:
    return launched(cloud, state, charge_type=charges.PREPAID, prepaid_months=1, **wanted)


def pass_time(cloud: Cloud, days: float) -> None:
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(days * DAY)
    expiry.reconcile(cloud)


def asked(cloud: Cloud, instance: Instance) -> tuple[Verb, dict[str, Any]]:
    (record,) = operations_of(cloud, instance.id, 1)
    return record.verb, record.arguments


@pytest.mark.parametrize("state", [S.RUNNING, S.STOPPED])
def test_what_was_paid_for_ends(cloud: Cloud, state: S) -> None:
    """Protection is against people; time does not ask."""
    instance = prepaid(cloud, state, protected=True)
    pass_time(cloud, 20)
    assert now(cloud, instance.id).state is state
    pass_time(cloud, 12)
    assert now(cloud, instance.id).state is S.TERMINATING
    assert asked(cloud, instance) == (Verb.ISOLATE, {"source": charges.BY_EXPIRY})


def test_it_is_renewed_by_itself_with_its_disks(cloud: Cloud) -> None:
    instance = prepaid(cloud, renew_flag=charges.AUTO_RENEW)
    bought = instance.expires
    assert bought is not None
    pass_time(cloud, 70)
    found = now(cloud, instance.id)
    assert found.state is S.RUNNING and found.expires == charges.later(bought, 2)
    assert found.system_disk.deadline == found.expires
    assert events.read(cloud, 0, instance.id)[-1].text.startswith("renewed until")
    expiry.reconcile(cloud)
    assert now(cloud, instance.id) == found


def test_one_that_is_busy_is_asked_later(cloud: Cloud) -> None:
    instance = prepaid(cloud, S.STOPPED)
    submit(cloud, Verb.START, instance.id)
    pass_time(cloud, 32)
    assert now(cloud, instance.id).state is S.STARTING
    settled(cloud, instance.id)
    expiry.reconcile(cloud)
    assert now(cloud, instance.id).latest.verb is Verb.ISOLATE


def test_the_recycle_bin_is_emptied(cloud: Cloud) -> None:
    instance = prepaid(cloud, protected=True)
    put(cloud, instance.id, state=S.SHUTDOWN, isolated_source=charges.BY_HAND, isolated_at=cloud.clock.now())
    pass_time(cloud, 6.9)
    assert now(cloud, instance.id).state is S.SHUTDOWN
    pass_time(cloud, 0.2)
    assert asked(cloud, instance) == (Verb.TERMINATE, {"source": charges.BY_EXPIRY})
    settled(cloud, instance.id)
    assert query(cloud, InstanceQuery()).total == 0


def test_an_action_timer_goes_off_once(cloud: Cloud) -> None:
    at = cloud.clock.now() + timedelta(minutes=10)
    instance, guarded = (launched(cloud, S.RUNNING, terminate_at=at, protected=guard) for guard in (False, True))
    expiry.reconcile(cloud)
    assert now(cloud, instance.id).state is S.RUNNING
    pass_time(cloud, 0.01)
    assert now(cloud, instance.id).state is S.TERMINATING
    kept = now(cloud, guarded.id)
    assert (kept.state, kept.terminate_at) == (S.RUNNING, None)
    told = len(events.read(cloud, 0, guarded.id))
    assert "protected" in events.read(cloud, 0, guarded.id)[-1].text
    expiry.reconcile(cloud)
    assert len(events.read(cloud, 0, guarded.id)) == told
