from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from store.test_records import INSTANCE
from vmsim.cloud.launch import MOST_INSTANCES
from vmsim.model.disk import DiskState
from vmsim.store import disks, instances, tags
from vmsim.store.database import MOST_REMEMBERED, Store
from vmsim.store.kept import MOST_VALUES, Kept

LIMIT = 10.0
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_what_is_kept_goes_when_its_record_is_written() -> None:
    kept = Kept()
    kept.put("record", {"a": 1, "b": 2}, kept.now())
    kept.put("json", {"a": b"1"}, kept.now())
    assert kept.get("record", ["a", "b", "c"]) == {"a": 1, "b": 2}
    kept.drop(["a"])
    assert kept.get("record", ["a", "b"]) == {"b": 2}
    assert kept.get("json", ["a"]) == {}


def test_what_was_made_of_an_older_record_is_not_kept() -> None:
    kept = Kept()
    before = kept.now()
    kept.drop(["a"])
    kept.put("record", {"a": "old", "b": "still true"}, before)
    assert kept.get("record", ["a", "b"]) == {"b": "still true"}
    kept.put("record", {"a": "new"}, kept.now())
    assert kept.get("record", ["a"]) == {"a": "new"}


def test_it_does_not_grow_without_end() -> None:
    kept = Kept()
    for number in range(3):
        kept.put("record", {f"{number}-{each}": 1 for each in range(MOST_VALUES)}, kept.now())
    assert (
        len(kept.get("record", [f"{number}-{each}" for number in range(3) for each in range(MOST_VALUES)]))
        <= MOST_VALUES
    )


def test_what_came_last_stays_when_there_is_too_much() -> None:
    kept = Kept()
    for number in range(MOST_VALUES + 1):
        kept.put("record", {str(number): 1}, kept.now())
    last = [str(number) for number in range(MOST_VALUES // 2, MOST_VALUES + 1)]
    assert list(kept.get("record", last)) == last


def test_a_full_home_has_room() -> None:
    """Or going through all of its instances, page by page, would find nothing kept."""
    assert MOST_VALUES >= MOST_INSTANCES


@pytest.mark.parametrize("what", ["record", "key", "tag", "disk", "disk gone", "all"])
def test_every_way_to_write_what_an_instance_shows_is_noticed(store: Store, what: str) -> None:
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
    store.kept.put("record", {INSTANCE.id: INSTANCE}, store.kept.now())
    with store.writing() as connection:
        if what == "record":
            instances.change(connection, INSTANCE.id, name="other")
        elif what == "key":
            instances.set_keys(connection, INSTANCE.id, [])
        elif what == "tag":
            tags.put(connection, INSTANCE.id, {})
        elif what == "disk":
            disks.change(connection, INSTANCE.disks[1].id, state=DiskState.DETACHING)
        elif what == "disk gone":
            disks.remove(connection, INSTANCE.disks[1].id)
        else:
            instances.remove(connection, INSTANCE.id)
    assert store.kept.get("record", [INSTANCE.id]) == {}


def test_a_disk_that_comes_is_noticed(store: Store) -> None:
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
        disks.change(connection, INSTANCE.disks[1].id, instance_id="", position=-1)
    store.kept.put("record", {INSTANCE.id: INSTANCE}, store.kept.now())
    with store.writing() as connection:
        disks.change(connection, INSTANCE.disks[1].id, instance_id=INSTANCE.id, position=1)
    assert store.kept.get("record", [INSTANCE.id]) == {}


def test_a_transaction_that_fails_drops_nothing(store: Store) -> None:
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
    store.kept.put("record", {INSTANCE.id: INSTANCE}, store.kept.now())
    with pytest.raises(RuntimeError), store.writing() as connection:
        instances.change(connection, INSTANCE.id, name="other")
        raise RuntimeError
    assert store.kept.get("record", [INSTANCE.id])


def test_an_answer_is_remembered_until_anything_is_written(store: Store) -> None:
    asked: list[int] = []

    def read() -> int:
        asked.append(1)
        return len(asked)

    assert [store.remembered("key", read), store.remembered("key", read), store.remembered("other", read)] == [1, 1, 2]
    with store.writing():
        pass
    assert store.remembered("key", read) == 3
    for number in range(2 * MOST_REMEMBERED):
        store.remembered(number, read)
    assert len(store._remembered) <= MOST_REMEMBERED


def test_who_asks_the_same_at_once_waits_for_one_reading(store: Store) -> None:
    asked, go_on, readings = threading.Event(), threading.Event(), []

    def read() -> int:
        asked.set()
        assert go_on.wait(LIMIT)
        readings.append(1)
        return len(readings)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.remembered, "key", read)
        assert asked.wait(LIMIT)
        second = pool.submit(store.remembered, "key", read)
        go_on.set()
        assert (first.result(LIMIT), second.result(LIMIT)) == (1, 1)
