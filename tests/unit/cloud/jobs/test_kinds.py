"""The engine, with a kind of the test's own that writes what it did into a file."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from cloud_fixture import CALLER
from vmsim.cloud import progress
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import kinds
from vmsim.cloud.jobs.job import Job, JobOutcome, begin
from vmsim.cloud.jobs.kinds import JobFile
from vmsim.cloud.tasks import Tasks
from vmsim.model.errors import OperationFailed
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import OperationState
from vmsim.store import client_tokens, events, jobs

LIMIT = 10.0
KIND = JobKind.CREATE_DISK
Perform = Callable[[Job], JobOutcome]


class Killed(BaseException):
    """The daemon dies here."""


def settle(cloud: Cloud, connection: Connection, record: JobRecord, outcome: JobOutcome) -> None:
    """Makes the subject true: what a test can see of it is a client token."""
    made = [str(outcome.facts.get("made", "nothing"))]
    client_tokens.remember(connection, "test", "", record.subject_id, "", made, 0.0)


def subject(cloud: Cloud) -> list[str] | None:
    with cloud.store.reading() as connection:
        found = client_tokens.answer(connection, "test", "", "disk-00000001")
    return found[1] if found else None


def does(patch: pytest.MonkeyPatch, perform: Perform, *, alone: bool = False) -> None:
    patch.setattr(kinds, "KINDS", {KIND: JobFile(perform, settle, alone)})


def begun(cloud: Cloud, instance_id: str = "") -> str:
    with cloud.store.writing() as connection:
        record = begin(
            cloud,
            connection,
            KIND,
            "disk-00000001",
            {"size": 1},
            instance_id=instance_id,
            caller=CALLER,
            request_id="asked",
        )
    return record.id


def made(job: Job) -> JobOutcome:
    job.step("first")
    job.evidence(seen=1)
    job.step("second")
    job.evidence(more=2)
    return JobOutcome(True, facts={"made": "a disk"})


def test_job_and_subject_are_settled_together(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    does(monkeypatch, made)
    ident = begun(cloud)
    assert progress.job(cloud, ident).state is OperationState.OPERATING and subject(cloud) is None

    kinds.perform(cloud, ident)

    ended = progress.job(cloud, ident)
    assert (ended.state, ended.step, ended.error) == (OperationState.SUCCESS, "second", "")
    assert ended.ended is not None and ended.evidence == {"seen": 1, "more": 2}
    assert subject(cloud) == ["a disk"]


def test_what_has_an_end_is_not_done_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    does(monkeypatch, made)
    ident = begun(cloud)
    kinds.perform(cloud, ident)
    does(monkeypatch, lambda _job: pytest.fail("done twice"))
    kinds.perform(cloud, ident)
    kinds.perform(cloud, "job-unknown0")


def test_a_refusal_is_the_jobs_failure(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(job: Job) -> JobOutcome:
        raise OperationFailed("It broke.", hint="Mend it.")

    does(monkeypatch, fails)
    ident = begun(cloud)
    kinds.perform(cloud, ident)
    ended = progress.job(cloud, ident)
    assert (ended.state, ended.error) == (OperationState.FAILED, "It broke. Mend it.")
    assert subject(cloud) == ["nothing"]


def test_a_bug_is_the_jobs_failure_too(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(job: Job) -> JobOutcome:
        raise ZeroDivisionError("oh")

    does(monkeypatch, fails)
    ident = begun(cloud)
    kinds.perform(cloud, ident)
    assert "vmsim has a bug: ZeroDivisionError: oh" in progress.job(cloud, ident).error


@pytest.mark.parametrize("step", ["create-disk.first", "create-disk.second", "create-disk.settle"])
def test_the_next_daemon_takes_it_up_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever step the last one died at, the job is performed from its beginning and its subject settled once."""
    does(monkeypatch, made)
    ident = begun(cloud)

    def dies(reached: str) -> None:
        if reached == step:
            raise Killed

    cloud.reached = dies
    with pytest.raises(Killed):
        kinds.perform(cloud, ident)
    assert progress.job(cloud, ident).state is OperationState.OPERATING and subject(cloud) is None

    cloud.reached = lambda _step: None
    next_daemon = Tasks(cloud)
    next_daemon.start()
    assert next_daemon.resume() == 1
    *_, ended = progress.follow_job(cloud, ident)
    next_daemon.stop()
    assert ended.state is OperationState.SUCCESS and subject(cloud) == ["a disk"]
    with cloud.store.reading() as connection:
        assert jobs.unsettled(connection) == []
        told = [event.text for event in events.read(connection, 0, None, 100) if event.kind == "resume"]
    assert len(told) == 1 and "is taken up again" in told[0]


def test_followed_by_its_steps(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def waits(job: Job) -> JobOutcome:
        job.step("waiting")
        assert go_on.wait(LIMIT)
        return JobOutcome(True)

    does(monkeypatch, waits)
    ident = begun(cloud)
    worker = threading.Thread(target=kinds.perform, args=(cloud, ident))
    steps = []
    for record in progress.follow_job(cloud, ident):
        steps.append(record.step)
        if record.step == "accepted":
            worker.start()
        else:
            go_on.set()
    worker.join(LIMIT)
    assert list(dict.fromkeys(steps)) == ["accepted", "waiting"]


def test_alone_until_its_end_is_recorded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that computes the hardware from the record must find what the job made of it."""
    does(monkeypatch, made, alone=True)
    ident = begun(cloud, "ins-00000001")
    seen: list[OperationState] = []
    another: list[threading.Thread] = []

    def operation() -> None:
        with cloud.hands.on("ins-00000001"):
            seen.append(progress.job(cloud, ident).state)

    def reached(step: str) -> None:
        if step == "create-disk.first":
            another.append(threading.Thread(target=operation))
            another[0].start()

    cloud.reached = reached
    kinds.perform(cloud, ident)
    another[0].join(LIMIT)
    assert seen == [OperationState.SUCCESS]
