"""Several things waited for side by side, each in a thread, with the progress of all on one board.

The threads only read from the daemon; they put what they hear into a queue and the main thread shows it. Ctrl-C
therefore arrives at once, and leaves the operations to go on (decisions 21).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from vmsim.cli.board import Board, board
from vmsim.cli.errors import INTERRUPTED, one_line
from vmsim.cli.session import say
from vmsim.client import Client
from vmsim.model.errors import LabNotRunning, OperationFailed, VmsimError
from vmsim.model.job import STEP_WORDS

Show = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """`work` is given a function for its progress and returns what came of it; it may raise a VmsimError."""

    label: str
    work: Callable[[Show], Any]


@dataclass(frozen=True)
class Ended:
    """How a job ended: `value` is what it returned."""

    label: str
    value: Any = None
    error: VmsimError | None = None
    seconds: float = 0.0


def side_by_side(jobs: Sequence[Job], shown_on: Board | None = None) -> list[Ended]:
    """Run all, wait for all; in the order of the jobs."""
    said: queue.Queue[tuple[int, str | Ended | BaseException]] = queue.Queue()
    ended: dict[int, Ended] = {}
    try:
        with shown_on or board() as where:
            for number, job in enumerate(jobs):
                threading.Thread(target=_run, args=(number, job, said), daemon=True).start()
            while len(ended) < len(jobs):
                number, news = said.get()
                if isinstance(news, BaseException):
                    raise news
                if isinstance(news, Ended):
                    ended[number] = news
                    where.done(news.label, one_line(news.error) if news.error else "", news.error is None)
                else:
                    where.show(jobs[number].label, news)
    except KeyboardInterrupt:
        left = ", ".join(job.label for number, job in enumerate(jobs) if number not in ended)
        say(f"Interrupted. What was asked goes on: {left}.\nSee `vmsim show NAME` or `vmsim events NAME --follow`.")
        raise click.exceptions.Exit(INTERRUPTED) from None
    return [ended[number] for number in range(len(jobs))]


def _run(number: int, job: Job, said: queue.Queue[tuple[int, str | Ended | BaseException]]) -> None:
    begun = time.monotonic()
    try:
        value = job.work(lambda text: said.put((number, text)))
        said.put((number, Ended(job.label, value, seconds=time.monotonic() - begun)))
    except VmsimError as error:
        said.put((number, Ended(job.label, error=error, seconds=time.monotonic() - begun)))
    except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
        said.put((number, error))


def operation(client: Client, asked: dict[str, Any], show: Show) -> dict[str, Any]:
    """Wait until an operation has settled. Raises OperationFailed with its reason."""
    last = asked
    if last["state"] == "OPERATING":
        for last in client.stream(f"/v1/operations/{asked['id']}/follow"):
            if last["state"] == "OPERATING" and last["phase"]:
                show(last["phase"])
    if last["state"] == "OPERATING":
        raise LabNotRunning("The lab ended while the operation was under way.", hint="`vmsim up` takes it up again.")
    if last["state"] == "FAILED":
        raise OperationFailed(
            last["error"] or "It failed.", hint=f"`vmsim show {last['instance_id']}` has the evidence."
        )
    return last


def job(client: Client, asked: dict[str, Any], show: Show) -> dict[str, Any]:
    """Wait until a job has settled. Raises OperationFailed with its reason."""
    last = asked
    if last["state"] == "OPERATING":
        for last in client.stream(f"/v1/jobs/{asked['id']}/follow"):
            if last["state"] == "OPERATING":
                show(STEP_WORDS.get(last["step"], last["step"]))
    if last["state"] == "OPERATING":
        raise LabNotRunning("The lab ended while this was under way.", hint="`vmsim up` takes it up again.")
    if last["state"] == "FAILED":
        raise OperationFailed(last["error"] or "It failed.")
    return last


def login(client: Client, instance_id: str, limit: float | None, show: Show) -> None:
    """Wait until the guest is up. Raises TimedOut with its rung and the serial log's last lines."""
    for rung in client.stream(f"/v1/instances/{instance_id}/readiness", limit=limit):
        show(rung["words"])
