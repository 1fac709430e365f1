"""What happens to guests without vmsim's doing: they power themselves off, crash, are killed or started by others.

libvirt's events come in one thread. It notes the detail (`memory`) before any operation hears of it, and hands the
event on to a thread of its own that may take its time. Events can be missed (libvirtd died, the daemon was away), so
`reconcile` compares every record with every domain, at each interval and whenever the connection comes back.

Neither touches an instance that has an operation under way: that operation sees the same facts and settles them.
"""

from __future__ import annotations

import logging
import queue
import threading

from vmsim.cloud import disks, events, state
from vmsim.cloud.context import Cloud
from vmsim.cloud.ending import ending
from vmsim.host import process, serial
from vmsim.host.domain import ABSENT, DomainState, DomainStatus
from vmsim.host.events import DomainEvent, Kind
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, Observation, OperationState, Verb
from vmsim.model.operation import Ending
from vmsim.model.readiness import Rung
from vmsim.store import instances

log = logging.getLogger(__name__)

PROCESS_LIMIT = 20.0
_REMEMBERED = frozenset(
    {Kind.STARTED, Kind.SHUTDOWN_GUEST, Kind.SHUTDOWN_HOST, Kind.PANICKED, Kind.CRASHED, Kind.STOPPED}
)
_QUIET = frozenset({Kind.DEFINED, Kind.UNDEFINED, Kind.AGENT_CONNECTED, Kind.AGENT_DISCONNECTED})


class InstanceWatcher:
    """`hear` is the connection's listener; `reconcile` is the loop's."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queue: queue.SimpleQueue[DomainEvent | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="instance-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(timeout=5)

    def hear(self, event: DomainEvent) -> None:
        """Called by the connection's thread: note and pass on."""
        if event.uuid and event.kind in _REMEMBERED:
            self._cloud.memory.note(event)
        self._queue.put(event)

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._act(event)
            except Exception:
                log.exception("event %s of %s", event.kind, event.uuid)

    def _act(self, event: DomainEvent) -> None:
        if event.kind is Kind.CONNECTION_LOST:
            events.note(self._cloud, "libvirt", "the connection to libvirt is lost; it is being made again")
        elif event.kind is Kind.CONNECTION_BACK:
            events.note(self._cloud, "libvirt", "the connection to libvirt is back")
            self.reconcile()
        elif event.kind not in _QUIET:
            self._about_domain(event)

    def _about_domain(self, event: DomainEvent) -> None:
        with self._cloud.store.reading() as connection:
            instance = instances.by_uuid(connection, event.uuid)
        if instance is None:
            return
        text = event.kind.value + (f" ({event.detail})" if event.detail else "")
        events.note(
            self._cloud, "libvirt", text, instance_id=instance.id, data={"sequence": event.sequence, "at": event.at}
        )
        if event.kind is Kind.STOPPED:
            self._went_off(instance)
        elif event.kind is Kind.STARTED:
            self._came_on(instance)
        elif event.kind is Kind.REBOOTED:
            self._begins_anew(instance)
        elif event.kind is Kind.DEVICE_REMOVED:
            disks.let_go(self._cloud, instance)
        elif event.kind is Kind.SUSPENDED:
            state.note(self._cloud, instance.id, paused=event.detail or "unknown")
        elif event.kind is Kind.RESUMED:
            state.note(self._cloud, instance.id, paused="")

    def _went_off(self, instance: Instance) -> None:
        """Off means that its process is gone, too."""
        qemu = process.hold(instance.id)
        if qemu is not None:
            with qemu:
                qemu.wait_gone(self._cloud.clock.monotonic() + PROCESS_LIMIT)
        if self._cloud.domains.status(instance.uuid).active:
            return
        state.observe(self._cloud, instance.uuid, Observation.OFF, reason=self._how(instance).value)

    def _how(self, instance: Instance) -> Ending:
        """A guest that obeys a soft stop after its limit was over did not power itself off from inside."""
        latest = instance.latest
        late = latest.verb in (Verb.STOP, Verb.REBOOT) and latest.state is OperationState.FAILED
        return ending(self._cloud.memory.of(instance.uuid), asked=False, unplugged=False, late=late)

    def _came_on(self, instance: Instance) -> None:
        """Looked at again: an event may be old when its turn comes, and a list too, while operations end meanwhile."""
        if instance.state is not InstanceState.STOPPED or not self._cloud.domains.status(instance.uuid).active:
            return
        reason = "started behind vmsim's back"
        if not instance.operating:
            self._mark(instance, reason)
        state.observe(self._cloud, instance.uuid, Observation.RUNNING, reason=reason)

    def _begins_anew(self, instance: Instance) -> None:
        """The guest reboots by itself, in the same QEMU."""
        if instance.state is InstanceState.RUNNING and not instance.operating:
            self._mark(instance, "the guest reboots")
            state.note(self._cloud, instance.id, rung=Rung.STARTED)

    def _mark(self, instance: Instance, text: str) -> None:
        """What the last boot said on its console proves nothing of this one."""
        serial.mark(self._cloud.home.serial_log(instance.id), text)

    # The round that finds what no event told

    def reconcile(self) -> None:
        domains = self._cloud.domains.all()
        with self._cloud.store.reading() as connection:
            steady = instances.glances(connection, (InstanceState.RUNNING, InstanceState.STOPPED))
            differing = [one.id for one in steady if _differs(one, domains.get(one.uuid, ABSENT))]
            known = instances.by_ids(connection, differing)
        for instance in known.values():
            if not instance.operating:
                self._compare(instance, domains.get(instance.uuid, ABSENT))

    def _compare(self, instance: Instance, status: DomainStatus) -> None:
        if status.active:
            self._came_on(instance)
            paused = status.reason if status.state is DomainState.PAUSED else ""
            if instance.state is InstanceState.RUNNING and bool(paused) != bool(instance.paused):
                state.note(self._cloud, instance.id, paused=paused)
        elif instance.state is InstanceState.RUNNING:
            self._went_off(instance)


def _differs(known: instances.Glance, status: DomainStatus) -> bool:
    """Is there something to be done? Of thousands of instances there is for none, mostly."""
    running = known.state is InstanceState.RUNNING
    paused = status.state is DomainState.PAUSED
    return status.active != running or (running and paused != bool(known.paused))
