"""What time does to instances: prepaid ones are renewed or isolated, the recycle bin is emptied, action timers go off.

It asks as a user does, so what it does shows as operations and obeys the state table. One that cannot be asked now,
because something else is under way on it, is asked in the next round.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from vmsim.cloud import events, instances
from vmsim.cloud.context import Cloud
from vmsim.model import charges
from vmsim.model.errors import Busy, VmsimError, WrongState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, Verb
from vmsim.model.operation import Caller
from vmsim.store import disks, times
from vmsim.store import instances as store
from vmsim.store.schema import instances as table

log = logging.getLogger(__name__)

_LIVES = [InstanceState.RUNNING.value, InstanceState.STOPPED.value]


def reconcile(cloud: Cloud) -> None:
    """One round. Nothing is remembered between two."""
    now = cloud.clock.now()
    for instance in _due(cloud, now):
        if instance.operating:
            continue
        if instance.state is InstanceState.SHUTDOWN:
            _ask(cloud, Verb.TERMINATE, instance, "its time in the recycle bin is over", charges.BY_EXPIRY)
        elif instance.terminate_at is not None and instance.terminate_at <= now:
            _timer(cloud, instance)
        elif instance.renew_flag == charges.AUTO_RENEW:
            _renew(cloud, instance, now)
        else:
            _ask(cloud, Verb.ISOLATE, instance, "what was paid for is over", charges.BY_EXPIRY)


def _due(cloud: Cloud, now: datetime) -> list[Instance]:
    lives = table.c.state.in_(_LIVES)
    binned = now - timedelta(seconds=cloud.settings.recycle_bin_kept)
    expired = lives & (table.c.expires <= times.text(now))
    timed = lives & (table.c.terminate_at <= times.text(now))
    over = (table.c.state == InstanceState.SHUTDOWN.value) & (table.c.isolated_at <= times.text(binned))
    with cloud.store.reading() as connection:
        return store.where(connection, expired | timed | over)


def _renew(cloud: Cloud, instance: Instance, now: datetime) -> None:
    """Its disks were bought with it. Looked at again: it may have been isolated meanwhile."""
    with cloud.store.writing() as connection:
        found = store.one(connection, instance.id)
        if found is None or found.expires is None or found.expires > now or found.state.value not in _LIVES:
            return
        expires = charges.renewed(found.expires, now)
        store.change(connection, found.id, expires=expires)
        for disk in found.disks:
            if disk.charge_type == charges.PREPAID:
                disks.change(connection, disk.id, deadline=expires)
        text = f"renewed until {expires.isoformat(timespec='seconds')}"
        events.record(cloud, connection, "charge", text, instance_id=found.id)
    cloud.news.ring()


def _timer(cloud: Cloud, instance: Instance) -> None:
    """It goes off once: what refuses it then is told, and not asked again."""
    asked = _ask(cloud, Verb.TERMINATE, instance, "its action timer", charges.BY_HAND)
    if asked:
        with cloud.store.writing() as connection:
            store.change(connection, instance.id, terminate_at=None)


def _ask(cloud: Cloud, verb: Verb, instance: Instance, why: str, source: str) -> bool:
    """False when it is to be asked again, because just now its state does not allow it."""
    caller, request_id = Caller("lab", why), str(uuid.uuid4())
    try:
        instances.submit(
            cloud, verb, [instance.id], {"source": source}, region=None, caller=caller, request_id=request_id
        )
    except (Busy, WrongState) as error:
        log.info("%s of %s: %s", verb.value, instance.id, error.message)
        return False
    except VmsimError as error:
        events.note(cloud, "failed", f"{why}: {error.message}", instance_id=instance.id)
    return True
