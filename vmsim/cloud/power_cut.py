"""A lab that lost its power is a new lab: every guest that ran in the old one is off, whatever its record says."""

from __future__ import annotations

import uuid

from vmsim.cloud import events, state
from vmsim.cloud import instances as ask_instances
from vmsim.cloud.context import Cloud
from vmsim.model.lifecycle import InstanceState, Observation, Verb
from vmsim.model.operation import Caller, Ending
from vmsim.store import instances
from vmsim.store.schema import instances as table


def notice(cloud: Cloud) -> None:
    """Instances whose domain is gone are STOPPED, and it is said why. Nothing is done to those that still run.

    Those marked to start with the lab are then asked to; the workers find it in the database. Killed before it is
    noted that all this was done, the next daemon does the rest of it.
    """
    mark = cloud.home.root / "last-boot"
    before = mark.read_text() if mark.exists() else ""
    if before == cloud.lab_boot:
        return
    domains = cloud.domains.all()
    reason = f"{Ending.UNSEEN.value}: the lab lost its power"
    with cloud.store.reading() as connection:
        running = instances.where(connection, table.c.state == InstanceState.RUNNING.value)
    for instance in running:
        status = domains.get(instance.uuid)
        if not instance.operating and not (status and status.active):
            state.observe(cloud, instance.uuid, Observation.OFF, reason=reason)
    _start_marked(cloud)
    events.note(cloud, "lab", "a new lab has come up", data={"boot": cloud.lab_boot, "before": before})
    mark.write_text(cloud.lab_boot)


def _start_marked(cloud: Cloud) -> None:
    with cloud.store.reading() as connection:
        marked = instances.where(connection, table.c.boot_with_lab, table.c.state == InstanceState.STOPPED.value)
    for instance in marked:
        if not instance.operating:
            ask_instances.submit(
                cloud,
                Verb.START,
                [instance.id],
                {},
                region=None,
                caller=Caller("lab", "it starts with the lab"),
                request_id=str(uuid.uuid4()),
            )
