"""Domains: what libvirt can be told about one, and what it says.

Addressed by uuid; no libvirt object is kept, because a reconnect kills them all. What may already be so is no error:
destroying a domain that is off, undefining one that is gone, starting one that runs. All else libvirt refuses is a
LibvirtError with its number; a domain that is not there is NotFound. Nothing here waits for a guest: `watch` gives the
events to wait for.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar
from xml.etree import ElementTree

import libvirt
import libvirt_qemu

from vmsim.host.connection import Connection
from vmsim.host.domain_xml import DiskSpec, DomainSpec, disk_xml, domain_xml, parse
from vmsim.host.events import DomainEvent
from vmsim.host.process import qemu_pid, resident_bytes
from vmsim.model.errors import LibvirtError, NotFound

T = TypeVar("T")


class DomainState(Enum):
    """libvirt's states as far as we tell them apart."""

    ABSENT = "absent"
    RUNNING = "running"
    PAUSED = "paused"
    SHUTOFF = "shutoff"
    CRASHED = "crashed"


@dataclass(frozen=True)
class DomainStatus:
    """`reason` is libvirt's, in words; `pid` is QEMU's, `domain_id` changes with every start; both None when off."""

    state: DomainState
    reason: str = ""
    pid: int | None = None
    domain_id: int | None = None

    @property
    def active(self) -> bool:
        """A QEMU belongs to it."""
        return self.domain_id is not None


@dataclass(frozen=True)
class Statistics:
    """Counters since the domain started; memory in bytes. What the guest did not tell is None."""

    cpu_seconds: float
    memory: int
    memory_unused: int | None
    memory_seen: int | None
    """What the guest's kernel has altogether, without what it keeps for itself before it counts."""
    memory_available: int | None
    """What new programs could have: unused, and caches that can be given up."""
    resident: int
    read_bytes: int
    written_bytes: int
    received_bytes: int
    sent_bytes: int
    received_packets: int
    sent_packets: int


ABSENT = DomainStatus(DomainState.ABSENT)

_RUNNING_REASONS = (
    "unknown",
    "booted",
    "migrated",
    "restored",
    "from snapshot",
    "unpaused",
    "migration canceled",
    "save canceled",
    "wakeup",
    "crashed",
    "postcopy",
    "postcopy failed",
)
_PAUSED_REASONS = (
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "ioerror",
    "watchdog",
    "from snapshot",
    "shutting down",
    "snapshot",
    "crashed",
    "starting up",
    "postcopy",
    "postcopy failed",
    "api error",
)
_SHUTOFF_REASONS = (
    "unknown",
    "shutdown",
    "destroyed",
    "crashed",
    "migrated",
    "saved",
    "failed",
    "from snapshot",
    "daemon",
)
_STATES: dict[int, tuple[DomainState, tuple[str, ...]]] = {
    libvirt.VIR_DOMAIN_NOSTATE: (DomainState.SHUTOFF, ("unknown",)),
    libvirt.VIR_DOMAIN_RUNNING: (DomainState.RUNNING, _RUNNING_REASONS),
    libvirt.VIR_DOMAIN_BLOCKED: (DomainState.RUNNING, ("blocked",)),
    libvirt.VIR_DOMAIN_PAUSED: (DomainState.PAUSED, _PAUSED_REASONS),
    # "being shut down": QEMU is still there, and so is the guest's memory
    libvirt.VIR_DOMAIN_SHUTDOWN: (DomainState.RUNNING, ("shutting down", "shutting down")),
    libvirt.VIR_DOMAIN_SHUTOFF: (DomainState.SHUTOFF, _SHUTOFF_REASONS),
    libvirt.VIR_DOMAIN_CRASHED: (DomainState.CRASHED, ("unknown", "panicked")),
    libvirt.VIR_DOMAIN_PMSUSPENDED: (DomainState.PAUSED, ("suspended by the guest",)),
}
_STATISTICS = (
    libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
_BEING_UNPLUGGED = "in the process of unplug"
_UNDEFINE = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA


class Watch:
    """The events of one domain, and those of the connection, from the moment the watch began."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[DomainEvent] = queue.SimpleQueue()

    def put(self, event: DomainEvent) -> None:
        self._events.put(event)

    def wait(self, deadline: float) -> DomainEvent | None:
        """The next event; None at `deadline` (monotonic clock). One that is there already is given even then."""
        try:
            left = deadline - time.monotonic()
            return self._events.get(timeout=left) if left > 0 else self._events.get_nowait()
        except queue.Empty:
            return None


class Domains:
    """Every domain of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- making and removing

    @property
    def connected(self) -> bool:
        """Is libvirt there?"""
        return self._connection.connected

    def learn_capabilities(self) -> None:
        """Let libvirt ask QEMU what it can, which it keeps: else a home's first definition waits most of a second."""
        self._connection.call(lambda raw: raw.getCapabilities())

    def define(self, spec: DomainSpec) -> None:
        """Make it, or replace the definition of the same uuid; checked against libvirt's schema."""
        xml = domain_xml(spec)
        self._connection.call(lambda raw: raw.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE))

    def undefine(self, uuid: str) -> None:
        """Forget it, with all that libvirt keeps beside it. Destroy it first: a running one stays until it ends."""

        def work(domain: libvirt.virDomain) -> None:
            root = ElementTree.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            nvram = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM if root.find("os/nvram") is not None else 0
            domain.undefineFlags(_UNDEFINE | nvram)

        try:
            self._on(uuid, work)
        except NotFound:
            return

    # --- power

    def start(self, uuid: str) -> None:
        """Start QEMU afresh, whatever memory was saved. One that runs already is left running."""

        def work(domain: libvirt.virDomain) -> None:
            fresh = libvirt.VIR_DOMAIN_START_FORCE_BOOT if domain.hasManagedSaveImage() else 0
            domain.createWithFlags(fresh)

        self._unless(uuid, work, already=lambda status: status.active)

    def destroy(self, uuid: str) -> None:
        """Pull the plug; returns when QEMU is gone. One that is off, or not there, is left so.

        Then look at the status rather than wait for STOPPED: libvirt sends none for a domain that ends while a
        restarted libvirtd is still taking it over."""
        self._unless(uuid, libvirt.virDomain.destroy, already=lambda status: not status.active)

    def press_power_button(self, uuid: str) -> None:
        """Press the ACPI button, explicitly: without a flag libvirt may ask an agent instead, and wait for it."""
        self._on(uuid, lambda domain: domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN))

    def suspend(self, uuid: str) -> None:
        self._unless(uuid, libvirt.virDomain.suspend, already=lambda status: status.state is DomainState.PAUSED)

    def resume(self, uuid: str) -> None:
        self._unless(uuid, libvirt.virDomain.resume, already=lambda status: status.state is DomainState.RUNNING)

    def reset(self, uuid: str) -> None:
        """The reset button: same QEMU, the guest begins again, unasked."""
        self._on(uuid, libvirt.virDomain.reset)

    # --- disks of a running domain; its next definition is another matter

    def plugged(self, uuid: str) -> tuple[DiskSpec, ...]:
        """The disks that its QEMU has; none when it is off or not there."""
        try:
            xml, status = self._on(uuid, lambda domain: (domain.XMLDesc(0), _status(domain)))
        except NotFound:
            return ()
        return parse(xml).disks if status.active else ()

    def plug(self, uuid: str, disk: DiskSpec) -> None:
        """Give it a disk while it runs. One that it has already is left."""
        flags, xml = libvirt.VIR_DOMAIN_AFFECT_LIVE, disk_xml(disk)
        try:
            self._on(uuid, lambda domain: domain.attachDeviceFlags(xml, flags))
        except LibvirtError:
            if not self._has(uuid, disk):
                raise

    def ask_to_unplug(self, uuid: str, disk: DiskSpec) -> bool:
        """Ask the guest to let a disk go; True when it has. It may do so at any later time: wait for DEVICE_REMOVED,
        and look at what is `plugged`. Asking again is harmless, and needed where a booting guest missed it."""
        flags, xml = libvirt.VIR_DOMAIN_AFFECT_LIVE, disk_xml(disk)
        try:
            self._on(uuid, lambda domain: domain.detachDeviceFlags(xml, flags))
        except NotFound:
            return True
        except LibvirtError as error:
            if _BEING_UNPLUGGED not in error.message and self._has(uuid, disk):
                raise
        return not self._has(uuid, disk)

    def grow_disk(self, uuid: str, target: str, size_bytes: int) -> None:
        """The guest is told at once. Doing it twice is harmless."""
        self._on(uuid, lambda domain: domain.blockResize(target, size_bytes, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES))

    def _has(self, uuid: str, disk: DiskSpec) -> bool:
        return any(one.path == disk.path for one in self.plugged(uuid))

    # --- looking

    def status(self, uuid: str) -> DomainStatus:
        """What it is now; ABSENT rather than NotFound."""
        try:
            return self._on(uuid, _status)
        except NotFound:
            return ABSENT

    def all(self) -> dict[str, DomainStatus]:
        """Every domain by uuid. One that vanishes while we look is left out."""

        def work(raw: libvirt.virConnect) -> dict[str, DomainStatus]:
            found = {}
            for domain in raw.listAllDomains():
                try:
                    found[domain.UUIDString()] = _status(domain)
                except libvirt.libvirtError as error:
                    if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                        raise
            return found

        return self._connection.call(work)

    def names(self) -> dict[str, str]:
        """Name (the instance's id) of every domain by uuid."""
        return self._connection.call(
            lambda raw: {domain.UUIDString(): domain.name() for domain in raw.listAllDomains()}
        )

    def xml(self, uuid: str) -> str:
        return self._on(uuid, lambda domain: domain.XMLDesc(0))

    def has_managed_save(self, uuid: str) -> bool:
        """Whether memory of it lies on the disk. It never should; of one that is not there, none does."""
        try:
            return self._on(uuid, lambda domain: bool(domain.hasManagedSaveImage()))
        except NotFound:
            return False

    def statistics(self, uuid: str) -> Statistics:
        """Its counters; of a QEMU that does not answer, what is known without it."""

        def work(raw: libvirt.virConnect) -> Statistics:
            domain = raw.lookupByUUIDString(uuid)
            rows = raw.domainListGetStats([domain], _STATISTICS, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
            pid = qemu_pid(domain.name())
            return _statistics(rows[0][1] if rows else {}, resident_bytes(pid) if pid else 0)

        return self._connection.call(work, name=uuid)

    def monitor(self, uuid: str, command: str) -> str:
        """What QEMU's human monitor answers."""
        human = libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP
        return self._on(uuid, lambda domain: libvirt_qemu.qemuMonitorCommand(domain, command, human))

    @contextmanager
    def watch(self, uuid: str) -> Iterator[Watch]:
        """Listen to one domain. Begin to watch, then look at its status: so nothing falls in between."""
        watch = Watch()

        def listener(event: DomainEvent) -> None:
            if event.uuid in (uuid, ""):
                watch.put(event)

        unsubscribe = self._connection.subscribe(listener)
        try:
            yield watch
        finally:
            unsubscribe()

    # --- within

    def on_raw(self, uuid: str, work: Callable[[libvirt.virDomain], T], *, again: bool = True) -> T:
        """Do `work` on libvirt's own object; for this package only, like `Connection.call`."""
        return self._connection.call(lambda raw: work(raw.lookupByUUIDString(uuid)), name=uuid, again=again)

    def _on(self, uuid: str, work: Callable[[libvirt.virDomain], T]) -> T:
        return self._connection.call(lambda raw: work(raw.lookupByUUIDString(uuid)), name=uuid)

    def _unless(
        self, uuid: str, work: Callable[[libvirt.virDomain], Any], already: Callable[[DomainStatus], bool]
    ) -> None:
        """Do it; a refusal is no error if it is so already. Asked afterwards, since libvirt's code for that differs
        from driver to driver, and looking first would leave a gap."""
        try:
            self._on(uuid, work)
        except (LibvirtError, NotFound):
            if not already(self.status(uuid)):
                raise


def _status(domain: libvirt.virDomain) -> DomainStatus:
    number, detail = domain.state()
    state, words = _STATES.get(number, (DomainState.SHUTOFF, ("unknown",)))
    ident = domain.ID()
    active = ident >= 0
    return DomainStatus(
        state,
        words[detail] if 0 <= detail < len(words) else f"reason {detail}",
        qemu_pid(domain.name()) if active else None,
        ident if active else None,
    )


def _statistics(row: dict[str, Any], resident: int) -> Statistics:
    def total(group: str, counter: str) -> int:
        return sum(int(row.get(f"{group}.{n}.{counter}", 0)) for n in range(int(row.get(f"{group}.count", 0))))

    def told(counter: str) -> int | None:
        return int(row[counter]) * 1024 if counter in row else None

    return Statistics(
        cpu_seconds=int(row.get("cpu.time", 0)) / 1e9,
        memory=int(row.get("balloon.current", 0)) * 1024,
        memory_unused=told("balloon.unused"),
        memory_seen=told("balloon.available"),
        memory_available=told("balloon.usable"),
        resident=resident,
        read_bytes=total("block", "rd.bytes"),
        written_bytes=total("block", "wr.bytes"),
        received_bytes=total("net", "rx.bytes"),
        sent_bytes=total("net", "tx.bytes"),
        received_packets=total("net", "rx.pkts"),
        sent_packets=total("net", "tx.pkts"),
    )
