"""Following what takes time: an operation to its end, a guest up its ladder."""

from __future__ import annotations

from collections.abc import Iterator

from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operation, operations_of
from vmsim.host import serial
from vmsim.model.errors import NotFound, OperationFailed, TimedOut
from vmsim.model.instance import Instance
from vmsim.model.job import JobRecord
from vmsim.model.lifecycle import InstanceState, Verb
from vmsim.model.operation import OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import jobs

LOOK_AGAIN = 5.0
"""Even without news: a bell may be lost with a daemon."""
SERIAL_LINES = 8


def follow_operation(cloud: Cloud, operation_id: str) -> Iterator[OperationRecord]:
    """The record at each change of what it tells; the last one is settled."""
    told = None
    while True:
        seen = cloud.news.count
        record = operation(cloud, operation_id)
        telling = (record.state, record.step, record.phase)
        if telling != told:
            told = telling
            yield record
        if record.ended is not None:
            return
        cloud.news.wait(seen, LOOK_AGAIN)


def job(cloud: Cloud, job_id: str) -> JobRecord:
    with cloud.store.reading() as connection:
        found = jobs.one(connection, job_id)
    if found is None:
        raise NotFound("job", job_id)
    return found


def follow_job(cloud: Cloud, job_id: str) -> Iterator[JobRecord]:
    """The record at each step; the last one is settled."""
    told = None
    while True:
        seen = cloud.news.count
        record = job(cloud, job_id)
        telling = (record.state, record.step)
        if telling != told:
            told = telling
            yield record
        if record.ended is not None:
            return
        cloud.news.wait(seen, LOOK_AGAIN)


def follow_readiness(cloud: Cloud, instance_id: str, limit: float) -> Iterator[Rung]:
    """Each rung as it is reached, up to LOGIN. `limit` counts from the last progress on the serial console or a rung.

    Raises TimedOut or OperationFailed with the last lines of the serial console; the instance stays as it is.
    """
    told: Rung | None = None
    log = cloud.home.serial_log(instance_id)
    size, progressed = -1, cloud.clock.monotonic()
    while True:
        seen = cloud.news.count
        instance = instances.get(cloud, instance_id)
        now = cloud.clock.monotonic()
        if instance.rung != told:
            told, progressed = instance.rung, now
            yield instance.rung
        if instance.rung >= Rung.LOGIN:
            return
        if instance.state in (InstanceState.STOPPED, InstanceState.LAUNCH_FAILED):
            raise _gone_off(cloud, instance)
        grown = log.stat().st_size if log.exists() else 0
        if grown != size:
            size, progressed = grown, now
        if now - progressed > limit:
            what = f"made no progress for {limit:g} s; it stands at: {instance.rung.words}"
            raise TimedOut(_sentence(cloud, instance_id, what), hint=f"`vmsim serial --log {instance_id}` shows all.")
        cloud.news.wait(seen, 0.5)


def _gone_off(cloud: Cloud, instance: Instance) -> OperationFailed:
    """By itself, or was it stopped: then the guest is not to be blamed, and its console has nothing to tell."""
    latest = next(iter(operations_of(cloud, instance.id, 1)), None)
    if latest is None or latest.verb is not Verb.STOP:
        return OperationFailed(_sentence(cloud, instance.id, f"went off while booting ({instance.state_reason})"))
    who = "the lab goes down" if latest.caller.how == "lab" else f"somebody stopped it ({latest.caller.words})"
    hint = f"`vmsim start {instance.id}` starts it again."
    return OperationFailed(f"Instance {instance.id} was stopped while it was booting: {who}.", hint=hint)


def _sentence(cloud: Cloud, instance_id: str, what: str) -> str:
    tail = serial.tail(cloud.home.serial_log(instance_id), lines=SERIAL_LINES)
    said = "; its serial console ends with: " + " | ".join(tail) if tail else "; its serial console is empty"
    return f"Instance {instance_id} {what}{said}"
