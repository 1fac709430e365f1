"""What every offline edit shares: with force, a running guest is stopped first and started again after.

It ends in the state it began in. A running instance passes visibly through STOPPING, STOPPED, STARTING, or through
REBOOTING alone where the cloud calls it a reboot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vmsim.cloud import state
from vmsim.cloud.power_off import PowerOff
from vmsim.cloud.power_on import power_on
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import VmsimError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, StopType
from vmsim.model.readiness import Rung

Edit = Callable[[Instance], dict[str, Any]]
"""Does the edit on the machine and returns the fields of the record that are true after it."""


@dataclass(frozen=True)
class Passage:
    """What is shown of a running instance on its way down, while it is off, and on its way up."""

    down: InstanceState = InstanceState.STOPPING
    off: InstanceState = InstanceState.STOPPED
    up: InstanceState = InstanceState.STARTING

    def show(self, work: Work, shown: InstanceState) -> None:
        if work.instance().state is not shown:
            work.show(shown)


FORCED = Passage()
REBOOT = Passage(InstanceState.REBOOTING, InstanceState.REBOOTING, InstanceState.REBOOTING)


def perform(
    work: Work, edit: Edit, *, power_on_after: bool = False, start_again: bool = True, passage: Passage = FORCED
) -> Outcome:
    """`start_again` False leaves a guest off that was stopped for it."""
    instance = work.instance()
    was_running = work.record.began_in == InstanceState.RUNNING.value
    if was_running and not work.current().evidence.get("went_down"):
        passage.show(work, passage.down)
        PowerOff(work, instance, StopType.SOFT_FIRST, work.cloud.settings.soft_stop_limit).run()
        work.evidence(went_down=True)
        passage.show(work, passage.off)
    try:
        changes = edit(instance) if not work.current().evidence.get("edited") else {}
    except VmsimError as error:
        return _failed(work, error, passage if was_running and start_again else None)
    if was_running and not start_again:
        return Outcome(success=True, state=InstanceState.STOPPED, changes=changes)
    if not (was_running or power_on_after):
        return Outcome(success=True, changes=changes)
    if not work.current().evidence.get("edited"):
        _record(work, changes)
    passage.show(work, passage.up)
    power_on(work, work.instance())
    return Outcome(success=True, state=InstanceState.RUNNING, reason="started", changes={"rung": Rung.STARTED})


def _failed(work: Work, error: VmsimError, passage: Passage | None) -> Outcome:
    """The disk is as it was (atomic.py); a guest that ran runs again, and the edit's own error is the one told."""
    words = f"{error.message} {error.hint}".strip()
    if passage is None:
        return Outcome(success=False, error=words)
    passage.show(work, passage.up)
    try:
        power_on(work, work.instance())
    except VmsimError as another:
        return Outcome(success=False, error=f"{words} And it could not be started again: {another.message}")
    return Outcome(success=False, error=words, state=InstanceState.RUNNING, changes={"rung": Rung.STARTED})


def _record(work: Work, changes: dict[str, Any]) -> None:
    """The record must be true before the hardware is defined from it, and a disk in use is not edited again."""
    if changes:
        state.note(work.cloud, work.record.instance_id, **changes)
    work.evidence(edited=True)
