"""What was made of a record, kept until that record is written again: a page of instances is asked for far more often
than any of them changes.

Whoever writes a record `touch`es its id in its transaction; after the commit what was kept of it is dropped. A reader
that began before that commit may be late with what it made of the old record: `put` refuses it by its `as_of`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

MOST_VALUES = 12_000
"""Of a kind. More than a home has instances: with room for fewer, whoever goes through all of them in turn finds none
kept."""
MOST_IDS = 100_000
_TOUCHED = "vmsim touched"


def touch(connection: Connection, *ids: str) -> None:
    """These records are about to be written."""
    connection.info.setdefault(_TOUCHED, set()).update(ids)


def begin(connection: Connection) -> None:
    """Nothing is touched yet; a connection is used again and again."""
    connection.info[_TOUCHED] = set()


def touched(connection: Connection) -> set[str]:
    found: set[str] = connection.info.get(_TOUCHED, set())
    return found


class Kept:
    """By kind ("record", the JSON of an action) and id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, dict[str, Any]] = {}
        self._commits = 0
        self._last_touched: dict[str, int] = {}
        self._known_since = 0

    def now(self) -> int:
        """To be taken before the reading begins, and given to `put`."""
        return self._commits

    def get(self, kind: str, ids: Iterable[str]) -> dict[str, Any]:
        """What is kept of them; the others are missing."""
        with self._lock:
            values = self._values.get(kind, {})
            return {ident: values[ident] for ident in ids if ident in values}

    def put(self, kind: str, made: Mapping[str, Any], as_of: int) -> None:
        with self._lock:
            values = self._values.setdefault(kind, {})
            too_many = len(values) + len(made) - MOST_VALUES
            if too_many > 0:
                for old in list(values)[: max(too_many, MOST_VALUES // 2)]:
                    del values[old]
            if as_of < self._known_since:
                return
            for ident, value in made.items():
                if self._last_touched.get(ident, 0) <= as_of:
                    values[ident] = value

    def drop(self, ids: Iterable[str]) -> None:
        """After the commit that wrote them."""
        with self._lock:
            self._commits += 1
            if len(self._last_touched) > MOST_IDS:
                self._last_touched.clear()
                self._known_since = self._commits
            for ident in ids:
                self._last_touched[ident] = self._commits
                for values in self._values.values():
                    values.pop(ident, None)
