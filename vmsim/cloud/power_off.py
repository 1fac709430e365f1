"""Powering a guest off the way hardware does it, and keeping the evidence.

    press ──▶ acknowledged? ──▶ SHUTDOWN (the guest is done) ──▶ STOPPED ──▶ QEMU's process gone ──▶ off
      ▲           │ no
      └───────────┘ again when the guest begins to listen, and every press_interval

A press is lost for good when nobody in the guest listens yet (host.md 8.2), so it is repeated until it was taken: the
power-management registers say whether the guest's button driver listens and whether its kernel took the press; a guest
whose registers cannot be read is pressed on the schedule alone. Once taken it is not repeated: a second press would
mean something else to a desktop.

Facts come from libvirt's events; only the registers, which raise none, are looked at while a press is outstanding.
Off is off only when STOPPED came and the process has ended. The limit counts from the request, so that a daemon that
was killed and came back does not begin anew; it goes on with the evidence that was kept.

How it fails: SOFT raises TimedOut with a reason for a person (decisions 28); SOFT_FIRST and HARD pull the plug.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace

from vmsim.cloud.ending import ending
from vmsim.cloud.memory import Seen
from vmsim.cloud.work import Work
from vmsim.host import power_button, process, serial
from vmsim.host.domain import DomainState, Watch
from vmsim.host.events import DomainEvent, Kind
from vmsim.model.errors import LibvirtError, OperationFailed, TimedOut
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import StopType
from vmsim.model.operation import Ending, StopEvidence

log = logging.getLogger(__name__)

LOOK_EVERY = 0.1
"""Between two looks at the button's registers."""
PLUG_LIMIT = 20.0
"""From pulling the plug to the process's end; more means that the host itself is in trouble."""
SERIAL_LINES = 15


class PowerOff:
    """One attempt. Use `run`."""

    def __init__(self, work: Work, instance: Instance, stop_type: StopType, limit: float) -> None:
        self.work = work
        self.cloud = work.cloud
        self.instance = instance
        self.stop_type = stop_type
        self.started = self.cloud.clock.monotonic() - work.age
        self.deadline = self.started + limit
        self.limit = limit
        kept = work.current().evidence.get("stop", {})
        self.evidence = replace(StopEvidence.from_json(kept), stop_type=stop_type.value)
        self.resumed = False
        self.unplugged = work.record.step == "plug"

    def run(self) -> StopEvidence:
        """Until the guest is off and its process gone. Raises TimedOut (SOFT) or OperationFailed."""
        domains = self.cloud.domains
        with ExitStack() as stack:
            watch = stack.enter_context(domains.watch(self.instance.uuid))
            qemu = process.hold(self.instance.id)
            if qemu is not None:
                stack.enter_context(qemu)
                self.evidence = replace(self.evidence, qemu_pid=qemu.pid, memory_returned=qemu.resident_bytes)
            if not self._is_off():
                self._go_off(watch)
            elif self.evidence.ending is not None:
                return self.evidence  # an earlier daemon saw to it
            return self._off(qemu)

    def _go_off(self, watch: Watch) -> None:
        if self.stop_type is StopType.HARD:
            self._pull_plug("pulling the plug")
            self._wait_for_stopped(watch, self.cloud.clock.monotonic() + PLUG_LIMIT)
        else:
            self._softly(watch)

    # The soft way

    def _softly(self, watch: Watch) -> None:
        self.work.step("press", "asking the guest to shut down")
        self._resume_if_paused()
        next_press = 0.0
        while not self._is_off():
            now = self.cloud.clock.monotonic()
            if now >= self.deadline:
                self._limit_reached(watch)
                return
            if self.evidence.acknowledged is None:
                next_press = self._press_or_look(now, next_press)
            event = watch.wait(min(self.deadline, now + self._patience(next_press, now)))
            if event is not None and self._over(event):
                return

    def _patience(self, next_press: float, now: float) -> float:
        if self.evidence.acknowledged is not None:
            return max(self.deadline - now, 0.0)
        return min(LOOK_EVERY, max(next_press - now, 0.0)) if next_press > now else LOOK_EVERY

    def _press_or_look(self, now: float, next_press: float) -> float:
        """Press when it is time or when the guest has begun to listen; else look whether it took the last one."""
        button = self._button()
        listening = button.listening if button else None
        newly = listening is True and self.evidence.listening is not True
        presses = self.evidence.presses
        if presses and button is not None and button.listening and not button.pending and not newly:
            self._acknowledged("the guest's kernel took the press")
            return next_press
        if now >= next_press or newly:
            self._press(now)
            next_press = now + self.cloud.settings.press_interval
        if listening is not None:  # registers that no longer answer belong to a guest on its way out
            self.evidence = replace(self.evidence, listening=listening)
        return next_press

    def _button(self) -> power_button.Button | None:
        try:
            return power_button.state(self.cloud.domains, self.instance.uuid)
        except LibvirtError as error:
            # A guest on its way out answers no monitor; its events say the rest.
            log.debug("%s: button registers: %s", self.instance.id, error)
            return None

    def _press(self, now: float) -> None:
        try:
            self.cloud.domains.press_power_button(self.instance.uuid)
        except LibvirtError as error:
            # "domain is not running" is what libvirt says of a paused domain too: never read it as stopped.
            log.debug("%s: press refused: %s", self.instance.id, error)
            self._resume_if_paused()
            return
        self.evidence = replace(self.evidence, presses=(*self.evidence.presses, round(now - self.started, 3)))
        self._keep()

    def _acknowledged(self, how: str) -> None:
        at = round(self.cloud.clock.monotonic() - self.started, 3)
        self.evidence = replace(self.evidence, acknowledged=at, acknowledged_by=how)
        self.work.step("acknowledged", "the guest is shutting down")
        self._keep()

    def _resume_if_paused(self) -> None:
        status = self.cloud.domains.status(self.instance.uuid)
        if status.state is not DomainState.PAUSED:
            return
        if self.resumed:
            self._paused_for_good(status.reason)
            return
        self.resumed = True
        self.work.step("resume", f"resuming the guest (it was paused: {status.reason})")
        try:
            self.cloud.domains.resume(self.instance.uuid)
        except LibvirtError as error:
            self._paused_for_good(f"{status.reason}; {error.message}")

    def _paused_for_good(self, reason: str) -> None:
        if self.stop_type is StopType.SOFT:
            raise OperationFailed(
                f"Instance {self.instance.id} is paused by this host ({reason}) and cannot hear the power button.",
                hint=f"`vmsim stop --hard {self.instance.id}` pulls the plug.",
            )
        self.deadline = self.cloud.clock.monotonic()

    def _over(self, event: DomainEvent) -> bool:
        """Is this event the end? Notes what it tells on the way."""
        if event.kind is Kind.SHUTDOWN_GUEST:
            if self.evidence.acknowledged is None:
                self._acknowledged("the guest shut down")
            off = round(event.monotonic - self.started, 3)
            # The registers may have been looked at when it was off already: it took the press before that.
            taken = min(self.evidence.acknowledged or off, off)
            self.evidence = replace(self.evidence, guest_off=off, acknowledged=taken)
            self.work.step("guest-off", "the guest is off, its hardware is being put away")
        elif event.kind is Kind.AGENT_DISCONNECTED and self.evidence.acknowledged is None and self.evidence.presses:
            self._acknowledged("its agent has ended")
        elif event.kind is Kind.SUSPENDED:
            self._resume_if_paused()
        elif event.kind is Kind.CONNECTION_BACK:
            return self._is_off()
        return event.kind is Kind.STOPPED

    def _limit_reached(self, watch: Watch) -> None:
        if self.stop_type is StopType.SOFT:
            self._finish_evidence()
            raise TimedOut(self._why_not(), hint=f"`vmsim stop --hard {self.instance.id}` pulls the plug.")
        self._pull_plug("it did not shut down in time: pulling the plug")
        self._wait_for_stopped(watch, self.cloud.clock.monotonic() + PLUG_LIMIT)

    def _why_not(self) -> str:
        found = self.evidence
        tail = (
            "; the last lines on its serial console: " + " | ".join(found.serial_tail[-3:]) if found.serial_tail else ""
        )
        if found.acknowledged is not None:
            what = f"acknowledged the power button after {found.acknowledged:.1f} s but is still stopping"
        elif found.listening:
            what = f"listens to the power button but never acknowledged it ({len(found.presses)} presses)"
        elif found.listening is False:
            what = (
                f"does not listen to the power button ({len(found.presses)} presses): "
                "it is still booting, or its system has no ACPI button driver"
            )
        else:
            what = f"never acknowledged the power button ({len(found.presses)} presses)"
        return f"Instance {self.instance.id} {what}; {self.limit:g} s are over{tail}"

    # The plug

    def _pull_plug(self, phase: str) -> None:
        self.unplugged = True
        self.work.step("plug", phase)
        self.cloud.domains.destroy(self.instance.uuid)

    def _wait_for_stopped(self, watch: Watch, until: float) -> None:
        while not self._is_off():
            event = watch.wait(until)
            if event is None:
                raise OperationFailed(
                    f"The plug of {self.instance.id} was pulled, but its QEMU has not ended after {PLUG_LIMIT:g} s.",
                    hint="The host may be out of disk or memory: see `vmsim doctor`.",
                )
            if event.kind is Kind.STOPPED:
                return

    # The end

    def _is_off(self) -> bool:
        return not self.cloud.domains.status(self.instance.uuid).active

    def _off(self, qemu: process.Process | None) -> StopEvidence:
        """The domain is off: wait for its process, then read the evidence."""
        if qemu is not None and not qemu.wait_gone(self.cloud.clock.monotonic() + PLUG_LIMIT):
            raise OperationFailed(f"Instance {self.instance.id} is off, but its QEMU (pid {qemu.pid}) has not ended.")
        gone = round(self.cloud.clock.monotonic() - self.started, 3)
        seen = self.cloud.memory.of(self.instance.uuid)
        self.evidence = replace(
            self.evidence,
            process_gone=gone,
            shutdown_detail=seen.shutdown_detail,
            guest_off=self.evidence.guest_off or self._since(seen.shutdown_at),
            stopped=self._since(seen.stopped_at),
            ending=self._ending(seen),
            managed_save=self.cloud.domains.has_managed_save(self.instance.uuid),
        )
        self._finish_evidence()
        return self.evidence

    def _ending(self, seen: Seen) -> Ending:
        unplugged = self.unplugged or self.work.current().escalated
        found = ending(seen, asked=bool(self.evidence.presses), unplugged=unplugged)
        if found is Ending.UNSEEN and self.evidence.acknowledged is not None:
            # The daemon was away when it ended. libvirt's word alone would prove nothing (a QEMU told to end reads the
            # same), but this guest had taken the button.
            reason = self.cloud.domains.status(self.instance.uuid).reason
            return Ending.SHUT_ITSELF_DOWN if reason == "shutdown" else found
        return found

    def _since(self, at: float | None) -> float | None:
        return round(at - self.started, 3) if at is not None else None

    def _finish_evidence(self) -> None:
        tail = serial.tail(self.cloud.home.serial_log(self.instance.id), lines=SERIAL_LINES)
        self.evidence = replace(self.evidence, serial_tail=tuple(tail))
        self._keep()

    def _keep(self) -> None:
        self.work.evidence(stop=self.evidence.as_json())
