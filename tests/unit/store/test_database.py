from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select

from vmsim.model.errors import OutOfResources
from vmsim.store import events
from vmsim.store.database import Store
from vmsim.store.schema import instance_keys

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)


def test_many_writers_lose_nothing_and_number_without_gaps(store: Store) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            with store.writing() as connection:
                seen = events.last(connection)
                events.add(connection, AT, "test", f"{worker}-{number} after {seen}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with store.reading() as connection:
        found = events.read(connection, 0, None, 1000)
    assert [event.sequence for event in found] == list(range(1, 161))
    assert all(event.text.endswith(f"after {event.sequence - 1}") for event in found)


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "what? 100%41 #1&x=y" / "vmsim.db"
    store = Store(path)
    with store.writing() as connection:
        events.add(connection, AT, "test", "here")
    assert seen(store) == 1
    store.close()
    assert path.stat().st_size and [one.name for one in tmp_path.iterdir()] == [path.parent.name]


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(store: Store) -> None:
    with store.writing() as writing:
        events.add(writing, AT, "test", "first half")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: seen(store)).result(timeout=5) == 0
        events.add(writing, AT, "test", "second half")
    assert seen(store) == 2


def test_a_view_stays_as_it_was_when_it_began(store: Store) -> None:
    with store.reading() as reading:
        assert events.last(reading) == 0
        thread = threading.Thread(target=one_more, args=(store,))
        thread.start()
        thread.join(timeout=5)
        assert events.last(reading) == 0
    assert seen(store) == 1


def test_an_exception_takes_everything_back(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as connection:
        events.add(connection, AT, "test", "never")
        raise RuntimeError
    assert seen(store) == 0


def test_foreign_keys_are_kept(store: Store) -> None:
    with pytest.raises(exc.IntegrityError), store.writing() as connection:
        connection.execute(insert(instance_keys).values(instance_id="ins-00000000", key_id="skey-00000000"))
    with store.reading() as connection:
        assert connection.execute(select(instance_keys)).all() == []


def test_what_was_committed_is_there_after_opening_again(store: Store) -> None:
    one_more(store)
    store.close()
    again = Store(store.path)
    assert seen(again) == 1
    again.close()


def one_more(store: Store) -> None:
    with store.writing() as connection:
        events.add(connection, AT, "test", "one more")


def seen(store: Store) -> int:
    with store.reading() as connection:
        return events.last(connection)


def test_a_full_disk_is_said_and_nothing_is_recorded(store: Store) -> None:
    with store._writers.connect() as connection:  # SQLite makes it as many as there are already
        connection.connection.cursor().execute("PRAGMA max_page_count = 1")
    with pytest.raises(OutOfResources, match="is full"), store.writing() as connection:
        for number in range(1000):
            events.add(connection, AT, "test", f"{number}" * 1000)
    with store.reading() as connection:
        assert events.last(connection) == 0
