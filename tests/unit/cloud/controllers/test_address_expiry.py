"""What time does to EIPs that were paid for in advance."""

from __future__ import annotations

import pytest

from cloud_fixture import CALLER, REGION, SetClock, launched, now
from vmsim.cloud import elastic, elastic_query, events
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers import address_expiry
from vmsim.cloud.elastic import AddressRequest, Asker
from vmsim.cloud.elastic_query import Shown
from vmsim.cloud.jobs.job import JobOutcome, settle
from vmsim.cloud.jobs.kinds import KINDS
from vmsim.cloud.query import Filter
from vmsim.model import charges
from vmsim.model.address import BY_TRAFFIC, PREPAID, AddressStatus
from vmsim.model.errors import Refused
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.store import jobs

ASKER = Asker(CALLER, "asked")
DAY = 86400.0


@pytest.fixture
def guest(cloud: Cloud) -> Instance:
    return launched(cloud, InstanceState.RUNNING)


def done(cloud: Cloud) -> None:
    with cloud.store.reading() as connection:
        left = jobs.unsettled(connection)
    for record in left:
        settle(cloud, record, JobOutcome(True), KINDS[record.kind].settle)


def bought(cloud: Cloud, guest: Instance | None = None, flag: str = charges.MANUAL_RENEW) -> str:
    """The id of one that is paid for a month, and bound."""
    asked = AddressRequest(charge_type=PREPAID, prepaid_months=1, renew_flag=flag)
    (ident,), _ = elastic.allocate(cloud, REGION, asked, ASKER)
    done(cloud)
    if guest is not None:
        elastic.bind(cloud, REGION, ident, guest.id, direct=None, asker=ASKER)
        done(cloud)
    return ident


def pass_time(cloud: Cloud, days: float) -> None:
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(days * DAY)
    address_expiry.reconcile(cloud)


def shown(cloud: Cloud, ident: str) -> Shown:
    (found,) = elastic_query.query(cloud, REGION, [ident], [], 0, 1).items
    return found


def status(cloud: Cloud, ident: str) -> AddressStatus:
    return shown(cloud, ident).address.status


def test_it_is_taken_from_its_instance_and_then_goes(cloud: Cloud, guest: Instance) -> None:
    ident = bought(cloud, guest)
    pass_time(cloud, 20)
    assert (status(cloud, ident), shown(cloud, ident).arrears) == (AddressStatus.BIND, False)
    pass_time(cloud, 12)
    assert (status(cloud, ident), shown(cloud, ident).arrears) == (AddressStatus.UNBINDING, True)
    address_expiry.reconcile(cloud)
    done(cloud)
    assert (status(cloud, ident), now(cloud, guest.id).public_ip) == (AddressStatus.UNBIND, None)
    with pytest.raises(Refused) as refused:
        elastic.bind(cloud, REGION, ident, guest.id, direct=None, asker=ASKER)
    assert refused.value.code == "OperationDenied.AddressInArrears"
    pass_time(cloud, 3)
    assert status(cloud, ident) is AddressStatus.UNBIND
    pass_time(cloud, 4)
    assert status(cloud, ident) is AddressStatus.OFFLINING
    done(cloud)
    assert elastic_query.query(cloud, REGION, [ident], [], 0, 1).total == 0


def test_it_is_renewed_by_itself(cloud: Cloud, guest: Instance) -> None:
    ident = bought(cloud, guest, charges.AUTO_RENEW)
    until = shown(cloud, ident).address.deadline
    assert until is not None
    pass_time(cloud, 70)
    found = shown(cloud, ident)
    assert (found.address.status, found.arrears) == (AddressStatus.BIND, False)
    assert found.address.deadline == charges.later(until, 2)
    assert events.read(cloud, 0)[-1].text.startswith(f"{ident} renewed until")
    told = len(events.read(cloud, 0))
    address_expiry.reconcile(cloud)
    assert len(events.read(cloud, 0)) == told


def test_one_that_is_busy_is_seen_to_later(cloud: Cloud, guest: Instance) -> None:
    ident = bought(cloud)
    elastic.bind(cloud, REGION, ident, guest.id, direct=None, asker=ASKER)
    pass_time(cloud, 50)
    assert status(cloud, ident) is AddressStatus.BINDING
    done(cloud)
    address_expiry.reconcile(cloud)
    assert status(cloud, ident) is AddressStatus.UNBINDING
    done(cloud)
    address_expiry.reconcile(cloud)
    assert status(cloud, ident) is AddressStatus.OFFLINING


def test_others_stay(cloud: Cloud, guest: Instance) -> None:
    (ident,), _ = elastic.allocate(cloud, REGION, AddressRequest(charge_type=BY_TRAFFIC), ASKER)
    done(cloud)
    pass_time(cloud, 1000)
    assert (status(cloud, ident), shown(cloud, ident).arrears) == (AddressStatus.UNBIND, False)


def test_they_are_found_by_their_arrears(cloud: Cloud) -> None:
    ident, other = bought(cloud), bought(cloud, flag=charges.AUTO_RENEW)
    pass_time(cloud, 32)
    for value, expected in (("true", ident), ("false", other)):
        found = elastic_query.query(cloud, REGION, [], [Filter("is-arrears", (value,))], 0, 9)
        assert [one.address.id for one in found.items] == [expected]
