"""What is only told about the past is kept for a while: the audit log, the work it told of, samples."""

from __future__ import annotations

from vmsim.cloud.context import Cloud
from vmsim.store import events, jobs, operations, samples

WORK_EVERY = 3600.0


class Forgetting:
    """The log is bounded by a number. A job, or an operation of an instance that is gone, goes with its events."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._work_due = 0.0

    def reconcile(self) -> None:
        settings, clock = self._cloud.settings, self._cloud.clock
        with self._cloud.store.writing() as connection:
            events.keep(connection, settings.events_kept)
            samples.forget(connection, clock.now().timestamp() - settings.samples_kept)
            before = events.forgotten_until(connection)
            # This looks through all of them, and finds little new in a minute.
            if before is not None and clock.monotonic() >= self._work_due:
                self._work_due = clock.monotonic() + WORK_EVERY
                operations.forget_of_removed(connection, before)
                jobs.forget(connection, before)
