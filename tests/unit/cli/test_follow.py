from __future__ import annotations

import os
import signal
import threading

import click
import pytest

from vmsim.cli import follow
from vmsim.cli.board import PlainBoard
from vmsim.cli.follow import Job, Show
from vmsim.model.errors import Refused


def test_jobs_run_at_the_same_time_and_end_in_their_order() -> None:
    meeting = threading.Barrier(2, timeout=5)

    def work(show: Show) -> int:
        show("waiting for the other")
        return meeting.wait()

    ended = follow.side_by_side([Job("a", work), Job("b", work)], PlainBoard())
    assert [item.label for item in ended] == ["a", "b"]
    assert {item.value for item in ended} == {0, 1}


def test_one_failure_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(show: Show) -> None:
        show("trying")
        show("trying")
        raise Refused("no")

    ended = follow.side_by_side([Job("a", fail), Job("b", lambda show: "ok")], PlainBoard())
    assert isinstance(ended[0].error, Refused) and ended[1].value == "ok"
    assert capsys.readouterr().err == "a: trying\n"


def test_a_bug_in_a_job_is_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        follow.side_by_side([Job("a", lambda show: 1 // 0)], PlainBoard())


def test_interrupted_it_says_what_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    go = threading.Event()

    def interrupted(show: Show) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        go.wait(5)

    with pytest.raises(click.exceptions.Exit) as left:
        follow.side_by_side([Job("web-1", interrupted)], PlainBoard())
    go.set()
    assert left.value.exit_code == 130
    assert "goes on: web-1" in capsys.readouterr().err


def test_nothing_to_wait_for() -> None:
    assert follow.side_by_side([], PlainBoard()) == []
