"""One connection to libvirt: opened, watched, opened again.

    libvirt's event loop (one thread a process)        ours
    ───────────────────────────────────────────        ────────────────────────────────────────────
    callback ── puts (uuid, kind, detail) ──▶ queue ──▶ dispatcher thread ──▶ listeners, one at a time
    close callback ── sets `lost` ───────────────────▶ keeper thread: close, open again, register again

A callback does nothing but queue: a libvirt call from it could wait for an answer that only its own thread can read.
When libvirtd dies CONNECTION_LOST is published, a new connection is tried several times a second, and CONNECTION_BACK
says that whatever happened in between is unknown. A call made meanwhile waits for the new connection, up to a limit.

No virConnect, virDomain or virNetwork leaves `host/`: after a reconnect they are all dead. Every libvirtError becomes
LibvirtError, or NotFound for a domain or network that is not there.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import libvirt

from vmsim.host import events
from vmsim.host.events import DomainEvent, Kind, Listener
from vmsim.model.errors import LibvirtError, NotFound, VmsimError

log = logging.getLogger(__name__)
T = TypeVar("T")

_RETRY = 0.2
# libvirt's own defaults (5 s, 5 times) notice a frozen libvirtd after half a minute; a busy machine needs some slack.
_KEEPALIVE_INTERVAL = 2
_KEEPALIVE_COUNT = 5
_MISSING = {libvirt.VIR_ERR_NO_DOMAIN: "domain", libvirt.VIR_ERR_NO_NETWORK: "network"}


class Connection:
    """libvirt at `uri`. `patience` is how long a call waits for a libvirtd that is being restarted."""

    def __init__(self, uri: str, *, patience: float = 10.0) -> None:
        self._uri = uri
        self._patience = patience
        self._changed = threading.Condition()
        self._raw: libvirt.virConnect | None = None
        self._generation = 0
        self._callbacks: list[int] = []
        self._listeners: tuple[Listener, ...] = ()
        self._closing = threading.Event()
        self._lost = threading.Event()
        self._queue: queue.SimpleQueue[DomainEvent | None] = queue.SimpleQueue()
        self._sequence = 0
        self._sequencing = threading.Lock()
        self._dispatcher = threading.Thread(target=self._dispatch, name="libvirt-events", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name="libvirt-keeper", daemon=True)

    def open(self, limit: float = 10.0) -> None:
        """Connect, waiting for libvirtd up to `limit` seconds, and begin to listen."""
        _event_loop.start()
        deadline = time.monotonic() + limit
        while not self._connect():
            if time.monotonic() >= deadline or self._closing.wait(_RETRY):
                raise self._unreachable()
        self._dispatcher.start()
        self._keeper.start()

    def close(self) -> None:
        """Disconnect and end our threads; what was queued is still told. A second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._lost.set()
        _join(self._keeper)
        self._disconnect()
        self._queue.put(None)
        _join(self._dispatcher)

    def __enter__(self) -> Connection:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        return self._raw is not None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on, on the dispatcher's thread; returns how to end that."""
        with self._changed:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._changed:
                self._listeners = tuple(known for known in self._listeners if known is not listener)

        return unsubscribe

    def call(self, work: Callable[[libvirt.virConnect], T], *, name: str = "", again: bool = True) -> T:
        """Do `work` on the live connection; for this package only. `name` is what NotFound will say.

        If libvirtd dies under it, it is done once more on the next connection, unless `again` is false (work that
        must not be done twice)."""
        raw = self._live()
        try:
            return work(raw)
        except libvirt.libvirtError as error:
            if self._answers(raw):
                raise _translated(error, name) from error
            self._lost.set()
            if not again:
                raise _translated(error, name) from error
        next_raw = self._live(not_this=raw)
        try:
            return work(next_raw)
        except libvirt.libvirtError as error:
            raise _translated(error, name) from error

    # --- connecting

    def _connect(self) -> bool:
        try:
            raw = libvirt.open(self._uri)
        except libvirt.libvirtError as error:
            log.debug("libvirt at %s: %s", self._uri, error)
            return False
        self._lost.clear()
        self._generation += 1
        try:
            self._register(raw)
        except libvirt.libvirtError as error:
            log.debug("libvirt at %s went away while registering: %s", self._uri, error)
            self._let_go(raw)
            return False
        with self._changed:
            self._raw = raw
            self._changed.notify_all()
        return True

    def _register(self, raw: libvirt.virConnect) -> None:
        try:
            raw.setKeepAlive(_KEEPALIVE_INTERVAL, _KEEPALIVE_COUNT)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:  # a driver in our own process has none
                raise
        raw.registerCloseCallback(self._on_close, self._generation)
        callbacks: tuple[tuple[int, Callable[..., None]], ...] = (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._on_reboot),
            (libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, self._on_io_error),
            (libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, self._on_agent),
            (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, self._on_device_removed),
            (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, self._on_device_kept),
        )
        self._callbacks = []
        for number, callback in callbacks:
            self._callbacks.append(raw.domainEventRegisterAny(None, number, callback, None))

    def _disconnect(self) -> None:
        with self._changed:
            raw, self._raw = self._raw, None
        if raw is not None:
            self._let_go(raw)

    def _let_go(self, raw: libvirt.virConnect) -> None:
        # Each step drops a reference to the connection; on a dead one some of them say so, which we know.
        for callback in self._callbacks:
            with contextlib.suppress(libvirt.libvirtError):
                raw.domainEventDeregisterAny(callback)
        with contextlib.suppress(libvirt.libvirtError):
            raw.unregisterCloseCallback()
        with contextlib.suppress(libvirt.libvirtError):
            raw.close()

    def _keep(self) -> None:
        while True:
            self._lost.wait()
            if self._closing.is_set():
                return
            log.warning("connection to libvirt at %s lost", self._uri)
            self._disconnect()
            self._publish("", Kind.CONNECTION_LOST, "")
            while not self._connect():
                if self._closing.wait(_RETRY):
                    return
            self._wait_taken_over()
            log.info("connection to libvirt at %s is back", self._uri)
            self._publish("", Kind.CONNECTION_BACK, "")
            if self._closing.is_set():  # close() may have set `lost` just before _connect cleared it
                return

    def _wait_taken_over(self) -> None:
        """A restarted libvirtd serves us while it still takes over its guests, and tells nobody of one that ends
        meanwhile. A question to every QEMU has to wait behind that, so after it what libvirt says is so."""
        with contextlib.suppress(libvirt.libvirtError, LibvirtError):
            raw = self._live()
            raw.domainListGetStats(raw.listAllDomains(), libvirt.VIR_DOMAIN_STATS_BALLOON)

    def _live(self, not_this: libvirt.virConnect | None = None) -> libvirt.virConnect:
        """The connection, waited for; another one than `not_this`, which died."""
        deadline = time.monotonic() + self._patience
        with self._changed:
            while self._raw is None or self._raw is not_this:
                left = deadline - time.monotonic()
                if left <= 0 or self._closing.is_set():
                    raise self._unreachable()
                self._changed.wait(left)
            return self._raw

    def _answers(self, raw: libvirt.virConnect) -> bool:
        """Whether a failed call failed for its own reason, not because the connection is gone."""
        try:
            return self._raw is raw and raw.isAlive() == 1
        except libvirt.libvirtError:
            return False

    def _unreachable(self) -> LibvirtError:
        return LibvirtError(f"libvirt does not answer at {self._uri}.", hint="Is the lab up? See `vmsim status`.")

    # --- events

    def _publish(self, uuid: str, kind: Kind, detail: str) -> None:
        with self._sequencing:
            self._sequence += 1
            event = DomainEvent(uuid, kind, detail, time.time(), time.monotonic(), self._sequence)
            self._queue.put(event)

    def _dispatch(self) -> None:
        while (event := self._queue.get()) is not None:
            log.debug("libvirt: %s %s %s", event.uuid, event.kind.value, event.detail)
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception:  # one listener's bug must not silence the others
                    log.exception("a listener failed on %s", event)

    def _on_close(self, _raw: libvirt.virConnect, _reason: int, generation: int) -> None:
        if generation == self._generation:  # else the last words of a connection already replaced
            self._lost.set()

    def _on_lifecycle(self, _raw: Any, domain: libvirt.virDomain, event: int, detail: int, _opaque: Any) -> None:
        if told := events.lifecycle(event, detail):
            self._publish(domain.UUIDString(), *told)

    def _on_reboot(self, _raw: Any, domain: libvirt.virDomain, _opaque: Any) -> None:
        self._publish(domain.UUIDString(), Kind.REBOOTED, "")

    def _on_io_error(
        self, _raw: Any, domain: libvirt.virDomain, path: str, _alias: str, action: int, reason: str, _opaque: Any
    ) -> None:
        self._publish(domain.UUIDString(), Kind.IO_ERROR, " ".join(filter(None, ("ioerror", reason, path))))

    def _on_agent(self, _raw: Any, domain: libvirt.virDomain, state: int, _reason: int, _opaque: Any) -> None:
        if told := events.agent(state):
            self._publish(domain.UUIDString(), *told)

    def _on_device_removed(self, _raw: Any, domain: libvirt.virDomain, alias: str, _opaque: Any) -> None:
        self._publish(domain.UUIDString(), Kind.DEVICE_REMOVED, alias)

    def _on_device_kept(self, _raw: Any, domain: libvirt.virDomain, alias: str, _opaque: Any) -> None:
        self._publish(domain.UUIDString(), Kind.DEVICE_KEPT, alias)


class _EventLoop:
    """libvirt's event loop; it allows one a process, which must run before a connection is opened and for ever."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            libvirt.registerErrorHandler(lambda _context, _error: None, None)  # it prints what we raise
            libvirt.virEventRegisterDefaultImpl()
            self._thread = threading.Thread(target=self._run, name="libvirt-loop", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                libvirt.virEventRunDefaultImpl()
            except libvirt.libvirtError:
                log.exception("libvirt's event loop")


_event_loop = _EventLoop()


def _join(thread: threading.Thread) -> None:
    if thread.is_alive() and thread is not threading.current_thread():
        thread.join()


def _translated(error: libvirt.libvirtError, name: str) -> VmsimError:
    number = error.get_error_code() or 0
    if number in _MISSING:
        return NotFound(_MISSING[number], name or "of that name")
    return LibvirtError(f"libvirt: {error.get_error_message() or error}", number=number)
