"""Samples of what every running guest uses, from libvirt's own counters.

The counters count from the start of a QEMU. A rate needs two readings of the same one, so the first reading after a
guest's start, or after the daemon's own, gives no sample; and one that went backwards never gives a negative rate.
Samples are taken at the marks of the interval (:00, :10, :20 …), so that each period of a monitor has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.cloud.context import Cloud
from vmsim.host.domain import DomainStatus, Statistics
from vmsim.model.errors import HostError, NotFound
from vmsim.model.instance import Instance
from vmsim.model.sample import Sample
from vmsim.store import instances, samples
from vmsim.store.schema import instances as table

MIB = 2**20
_COUNTERS = (
    "read_bytes",
    "written_bytes",
    "received_bytes",
    "sent_bytes",
    "received_packets",
    "sent_packets",
)


@dataclass(frozen=True)
class Reading:
    """The counters of one QEMU (`run` is its domain id), and when they were read (monotonic clock)."""

    run: int | None
    at: float
    counters: Statistics


class Monitoring:
    """`reconcile` is called more often than it samples."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._before: dict[str, Reading] = {}
        self._mark = 0

    def reconcile(self) -> None:
        now = self._cloud.clock.now().timestamp()
        mark = int(now // self._cloud.settings.sample_interval)
        if mark == self._mark:
            return
        self._mark = mark
        before, self._before = self._before, {}
        new = []
        for instance, status in self._running():
            reading = self._read(instance, status)
            if reading is None:
                continue
            self._before[instance.id] = reading
            if instance.id in before:
                new += samples_between(instance, before[instance.id], reading, int(now))
        if new:
            with self._cloud.store.writing() as connection:
                samples.add(connection, new)

    def _running(self) -> list[tuple[Instance, DomainStatus]]:
        active = {uuid: status for uuid, status in self._cloud.domains.all().items() if status.active}
        if not active:
            return []
        with self._cloud.store.reading() as connection:
            found = instances.where(connection, table.c.uuid.in_(list(active)))
        return [(instance, active[instance.uuid]) for instance in found]

    def _read(self, instance: Instance, status: DomainStatus) -> Reading | None:
        """None for one that has just gone, or that libvirt cannot tell of now."""
        try:
            counters = self._cloud.domains.statistics(instance.uuid)
        except (HostError, NotFound):
            return None
        return Reading(status.domain_id, self._cloud.clock.monotonic(), counters)


def samples_between(instance: Instance, before: Reading, after: Reading, at: int) -> list[Sample]:
    """The one sample that two readings make; none where they are of different runs, or a counter went backwards."""
    seconds = after.at - before.at
    grown = {name: getattr(after.counters, name) - getattr(before.counters, name) for name in _COUNTERS}
    cpu_seconds = after.counters.cpu_seconds - before.counters.cpu_seconds
    if before.run != after.run or seconds <= 0 or min(cpu_seconds, *grown.values()) < 0:
        return []
    used, seen = _memory(after.counters)
    return [
        Sample(
            instance_id=instance.id,
            at=at,
            seconds=seconds,
            # QEMU's own work is in it, too: more than all of the guest's processors it does not show.
            cpu_percent=min(100.0, 100 * cpu_seconds / seconds / instance.cpu),
            memory_used_mib=None if used is None else used / MIB,
            memory_percent=None if used is None else 100 * used / seen,
            **{name: change / seconds for name, change in grown.items()},
        )
    ]


def _memory(counters: Statistics) -> tuple[int | None, int]:
    """Used without caches, and all of it, as the guest's kernel tells. An old one counts caches as used."""
    free = counters.memory_available if counters.memory_available is not None else counters.memory_unused
    if free is None or not counters.memory_seen:
        return None, 0
    return max(0, counters.memory_seen - free), counters.memory_seen
