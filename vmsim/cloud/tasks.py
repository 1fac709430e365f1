"""The queue of accepted operations and jobs, and the workers that do them.

The database is the queue: an operation without an end is a task. A worker that dies with its daemon leaves it, and
the next daemon takes it up again (`resume`), which is why every operation may run twice. One operation at a time on an
instance is `submit`'s promise; different instances go side by side.

After a power cut (the lab itself is another one) nothing runs any more, and what was under way is settled as the state
table says: undone, failed, or carried to its end.
"""

from __future__ import annotations

import logging
import queue
import threading

from vmsim.cloud import events, state
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import kinds
from vmsim.cloud.operations import run
from vmsim.cloud.operations.verbs import VERBS
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.errors import VmsimError
from vmsim.model.lifecycle import OPERATIONS, AfterPowerCut, Verb
from vmsim.model.operation import OperationRecord
from vmsim.store import instances, jobs, operations

log = logging.getLogger(__name__)

TRY_AGAIN = 5.0
POWER_CUT = "The lab lost its power while this was under way."


class Tasks:
    """Workers that live as long as the daemon."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(cloud.settings.workers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the workers end what they are at."""
        for _ in self._threads:
            self._queue.put(None)

    def enqueue(self, operation_id: str) -> None:
        self._queue.put(operation_id)

    def resume(self) -> int:
        """Take up what an earlier daemon left unfinished; returns how many there were."""
        with self._cloud.store.reading() as connection:
            left = operations.unsettled(connection)
            left_jobs = jobs.unsettled(connection)
        for record in left:
            events.note(
                self._cloud,
                "resume",
                f"{record.verb.value} was under way (step {record.step}) and is taken up again",
                instance_id=record.instance_id,
                operation_id=record.id,
            )
            self._queue.put(record.id)
        for job in left_jobs:
            events.note(
                self._cloud,
                "resume",
                f"{job.kind.value} of {job.subject_id} was under way (step {job.step}) and is taken up again",
                instance_id=job.instance_id,
                operation_id=job.id,
            )
            self._queue.put(job.id)
        return len(left) + len(left_jobs)

    def _work(self) -> None:
        while (operation_id := self._queue.get()) is not None:
            try:
                if operation_id.startswith("job-"):
                    kinds.perform(self._cloud, operation_id)
                else:
                    perform(self._cloud, operation_id)
            except Exception:
                # The database could not be written, for instance: the instance must not stay as it is for ever.
                log.exception("operation %s could not be settled; it is tried again", operation_id)
                later = threading.Timer(TRY_AGAIN, self._queue.put, [operation_id])
                later.daemon = True
                later.start()


def perform(cloud: Cloud, operation_id: str) -> None:
    """Do it and settle it. Whatever goes wrong becomes the operation's failure, never the worker's."""
    with cloud.store.reading() as connection:
        record = operations.one(connection, operation_id)
        known = record is not None and instances.one(connection, record.instance_id) is not None
    if record is None or record.ended is not None:
        return
    work = Work(cloud, record)
    if not known:
        done = record.verb is Verb.TERMINATE
        state.settle(
            cloud, record, Outcome(done, "" if done else f"There is no instance {record.instance_id} any more.")
        )
        return
    with cloud.hands.on(record.instance_id):
        outcome = _outcome(work, record)
        cloud.reached(f"{record.verb.value}.settle")
        state.settle(cloud, record, outcome)


def _outcome(work: Work, record: OperationRecord) -> Outcome:
    try:
        if record.lab_boot != work.cloud.lab_boot:
            cut = _after_power_cut(work, record)
            if cut is not None:
                return cut
        return VERBS[record.verb].perform(work)
    except VmsimError as error:
        log.info("%s of %s failed: %s", record.verb.value, record.instance_id, error.message)
        return Outcome(success=False, error=f"{error.message} {error.hint}".strip())
    except Exception as error:
        log.exception("%s of %s failed", record.verb.value, record.instance_id)
        return Outcome(success=False, error=f"vmsim has a bug: {type(error).__name__}: {error} (see the daemon's log)")


def _after_power_cut(work: Work, record: OperationRecord) -> Outcome | None:
    """How to settle it without doing it; None where it is to be carried to its end."""
    after = OPERATIONS[record.verb].after_power_cut
    if after is AfterPowerCut.UNDO:
        run.undo(work)
        return Outcome(success=False, error=POWER_CUT)
    if after is AfterPowerCut.FAIL:
        return Outcome(success=False, error=POWER_CUT, reason="the lab lost its power")
    return None
