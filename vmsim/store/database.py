"""The database file and its transactions. The only place that opens it.

SQLite in WAL mode: readers never wait for the writer. Writers take the write lock at once (BEGIN IMMEDIATE), because a
transaction that reads first and writes later could otherwise fail halfway; inside one process they queue on a lock of
ours, which is fair, instead of on SQLite's retries, which are not. Every commit is on the disk before anyone is told.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_pool_from_url, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import LRUCache

from vmsim.model.errors import OutOfResources
from vmsim.store import kept, migrations
from vmsim.store.kept import Kept

T = TypeVar("T")

MOST_REMEMBERED = 512
"""Answers of the API are among it: a page of 100 instances has 200 KB."""
_READING, _WRITING, _NOTHING = "BEGIN", "BEGIN IMMEDIATE", ""
_DIALECT = sqlite.dialect(dbapi=sqlite3)
_COMPILED = LRUCache[Any, Any](1000)
"""SQL of statements. All engines share it, and the dialect that it is of: compiling one takes longer than executing it,
and an engine of SQLAlchemy's own making would begin with none."""


class Remembered(dict[Hashable, Any]):
    """What was read since the last commit; the oldest half goes when there is too much of it."""

    def __setitem__(self, key: Hashable, value: Any) -> None:
        if len(self) >= MOST_REMEMBERED:
            for old in list(self)[: MOST_REMEMBERED // 2]:
                self.pop(old, None)
        super().__setitem__(key, value)


class Store:
    """An open database. `reading()` and `writing()` give connections; `writing()` is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        migrations.bring_up_to_date(path)
        self.path = path
        self._remembered = Remembered()
        self.kept = Kept()
        self._readers = _engine(path, _READING)
        self._glancers = _engine(path, _NOTHING)
        self._writers = _engine(path, _WRITING)
        self._lock = threading.Lock()
        # Reading is Python's work, of which one thread does any at a time: several would hand its lock to each other at
        # every row. Whoever waits may find that the one before has read the same.
        self._turn = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view; what others commit meanwhile is not seen."""
        with self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """For a single statement, which is consistent in itself: beginning and ending take longer than many a one."""
        with self._glancers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by any exception."""
        with self._lock:
            with self._disk_has_room(), self._writers.begin() as connection:
                kept.begin(connection)
                yield connection
                changed = kept.touched(connection)
            self._remembered = Remembered()
            self.kept.drop(changed)

    @contextmanager
    def _disk_has_room(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if "disk is full" not in str(error.orig):
                raise
            raise OutOfResources(
                f"The disk that {self.path} is on is full: nothing was recorded.", hint="Make room, and ask again."
            ) from error

    def remembered(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives, kept until anything is written: for what is asked far more often than it changes.

        `read` may depend on the database and the key alone; what it gives must not be changed by anybody. Never inside
        `writing()`: `read` of somebody else may be waiting to write."""
        found = self._remembered.get(key)
        if found is None:
            with self._turn:
                kept = self._remembered  # what is read now belongs to now, also when somebody commits meanwhile
                found = kept.get(key)
                if found is None:
                    found = kept[key] = read()
        return found

    def close(self) -> None:
        self._readers.dispose()
        self._glancers.dispose()
        self._writers.dispose()


def _engine(path: Path, begin: str) -> Engine:
    url = URL.create("sqlite", database=str(path))
    pool = create_pool_from_url(url, connect_args={"timeout": 30, "isolation_level": None}, pool_size=32)
    engine = Engine(pool, _DIALECT, url, execution_options={"compiled_cache": _COMPILED})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        if begin == _NOTHING:
            return
        if begin == _READING:
            # It touches nothing and cannot fail; exec_driver_sql takes longer than many a question.
            connection.connection.cursor().execute(begin)
        else:
            connection.exec_driver_sql(begin)

    return engine
