"""What grows is kept small, and what has expired goes: serial logs, snapshots, files of deleted images, failed
launches, networks' names and rules, what `forgetting.py` keeps of the past, what was prepaid (`expiry.py`,
`address_expiry.py`)."""

from __future__ import annotations

from datetime import timedelta

from vmsim.cloud import firewall, image_removal, networks, removal, snapshot_query, snapshots
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers import address_expiry, expiry
from vmsim.cloud.controllers.forgetting import Forgetting
from vmsim.host import serial
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.store import instances, times
from vmsim.store.schema import instances as table


class Housekeeping:
    """One round does everything; each part does nothing when there is nothing to do."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._forgetting = Forgetting(cloud)

    def reconcile(self) -> None:
        self._bound_serial_logs()
        self._forgetting.reconcile()
        firewall.apply(self._cloud)
        expiry.reconcile(self._cloud)
        address_expiry.reconcile(self._cloud)
        self._expire_snapshots()
        image_removal.sweep(self._cloud)
        networks.reconcile(self._cloud)
        self._clear_failed_launches()

    def _bound_serial_logs(self) -> None:
        for log in self._cloud.home.instances.glob("*/serial.log"):
            serial.bound(log, self._cloud.settings.serial_log_bytes)

    def _expire_snapshots(self) -> None:
        """Those whose Deadline is over; one that an image needs stays with it."""
        now = times.text(self._cloud.clock.now())
        for snapshot in snapshot_query.expired(self._cloud, now):
            if not snapshot.image_ids:
                snapshots.delete(self._cloud, snapshot.region, [snapshot.id])

    def _clear_failed_launches(self) -> None:
        """What their own undoing could not remove (libvirt was away) goes now; after their time so do log and record.

        This comes last: what fails here is tried again in the next round, and must not keep the rest from being done.
        """
        before = self._cloud.clock.now() - timedelta(seconds=self._cloud.settings.launch_failed_kept)
        with self._cloud.store.reading() as connection:
            failed = instances.where(connection, table.c.state == InstanceState.LAUNCH_FAILED.value)
        for instance in failed:
            expired = instance.created < before
            if not instance.operating and (expired or removal.left_over(self._cloud, instance)):
                self._clear(instance, expired=expired)

    def _clear(self, instance: Instance, *, expired: bool) -> None:
        self._cloud.domains.destroy(instance.uuid)
        removal.remove(self._cloud, instance, keep_log=not expired)
        if expired:
            with self._cloud.store.writing() as connection:
                instances.remove(connection, instance.id)
            self._cloud.news.ring()
