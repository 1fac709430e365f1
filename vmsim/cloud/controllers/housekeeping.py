"""What grows is kept small, and what has expired goes: serial logs, the audit log, failed launches, networks' rules."""

from __future__ import annotations

from datetime import timedelta

from vmsim.cloud import addresses
from vmsim.cloud.context import Cloud
from vmsim.host import serial
from vmsim.model.lifecycle import InstanceState
from vmsim.store import events, instances, times
from vmsim.store.schema import instances as table


class Housekeeping:
    """One round does everything; each part does nothing when there is nothing to do."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def reconcile(self) -> None:
        self._bound_serial_logs()
        self._forget_failed_launches()
        with self._cloud.store.writing() as connection:
            events.keep(connection, self._cloud.settings.events_kept)
        addresses.apply(self._cloud)

    def _bound_serial_logs(self) -> None:
        for log in self._cloud.home.instances.glob("*/serial.log"):
            serial.bound(log, self._cloud.settings.serial_log_bytes)

    def _forget_failed_launches(self) -> None:
        """Nothing of them is on the machine any more: only the record and why."""
        before = self._cloud.clock.now() - timedelta(seconds=self._cloud.settings.launch_failed_kept)
        expired = (table.c.state == InstanceState.LAUNCH_FAILED.value) & (table.c.created < times.text(before))
        with self._cloud.store.writing() as connection:
            for instance in instances.where(connection, expired):
                if not instance.operating:
                    instances.remove(connection, instance.id)
