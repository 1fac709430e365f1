from __future__ import annotations

import threading

import pytest

from vmsim.client import Client
from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound

from .serving import until


def test_events_are_read_from_a_position(cloud: Cloud, client: Client) -> None:
    for number in range(3):
        events.note(cloud, "lab", f"event {number}")
    first, *rest = client.events()

    assert [event["text"] for event in rest] == ["event 1", "event 2"]
    assert [event["text"] for event in client.events(since=first["sequence"])] == ["event 1", "event 2"]


def test_more_than_a_page_is_read(cloud: Cloud, client: Client) -> None:
    with cloud.store.writing() as connection:
        for number in range(events.PAGE + 5):
            events.record(cloud, connection, "lab", f"{number}")
    assert len(list(client.events())) == events.PAGE + 5


def test_events_are_followed(cloud: Cloud, client: Client) -> None:
    events.note(cloud, "lab", "before")
    following = client.events(follow=True)
    assert next(following)["text"] == "before"
    events.note(cloud, "lab", "after")
    assert next(following)["text"] == "after"


def test_following_ends_when_the_client_goes_away(cloud: Cloud, client: Client) -> None:
    events.note(cloud, "lab", "once")
    following = client.events(follow=True)
    next(following)
    assert _streams()
    following.close()  # type: ignore[attr-defined]
    until(lambda: not _streams())


def test_a_terminated_instance_still_has_its_events(client: Client) -> None:
    assert list(client.events(instance="ins-gone0000")) == []
    with pytest.raises(NotFound):
        list(client.events(instance="gone"))


def _streams() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "stream"]
