"""What time does to EIPs that were paid for in advance, as `expiry.py` does it to instances: renewed, or taken away.

One whose time is over and that does not renew itself is in arrears: it is unbound, cannot be bound, and is released
after as long as an instance is kept in the recycle bin. One on its way somewhere is seen to in the next round.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from vmsim.cloud import elastic, events
from vmsim.cloud.context import Cloud
from vmsim.cloud.elastic import Asker
from vmsim.model import charges
from vmsim.model.address import Address, AddressStatus
from vmsim.model.errors import VmsimError
from vmsim.model.operation import Caller
from vmsim.store import addresses, times
from vmsim.store.schema import addresses as table

log = logging.getLogger(__name__)


def reconcile(cloud: Cloud) -> None:
    """One round. Nothing is remembered between two."""
    now = cloud.clock.now()
    with cloud.store.reading() as connection:
        over = addresses.where(connection, table.c.deadline <= times.text(now))
    for address in over:
        if address.in_arrears(now):
            _take_away(cloud, address, now)
        else:
            _renew(cloud, address.id, now)


def _take_away(cloud: Cloud, address: Address, now: datetime) -> None:
    kept = timedelta(seconds=cloud.settings.recycle_bin_kept)
    asker = Asker(Caller("lab", "what was paid for is over"), str(uuid.uuid4()))
    try:
        if address.status is AddressStatus.BIND:
            elastic.unbind(cloud, address.region, address.id, reallocate=False, asker=asker)
        elif address.status is AddressStatus.UNBIND and address.deadline and address.deadline + kept <= now:
            elastic.release(cloud, address.region, [address.id], asker)
    except VmsimError as error:
        log.info("%s in arrears: %s", address.id, error.message)


def _renew(cloud: Cloud, ident: str, now: datetime) -> None:
    """Looked at again: it may have been released meanwhile."""
    with cloud.store.writing() as connection:
        found = addresses.one(connection, ident)
        if found is None or found.deadline is None or found.deadline > now:
            return
        deadline = charges.renewed(found.deadline, now)
        addresses.change(connection, ident, deadline=deadline)
        text = f"{ident} renewed until {deadline.isoformat(timespec='seconds')}"
        events.record(cloud, connection, "charge", text, instance_id=found.instance_id)
    cloud.news.ring()
