"""How far a job is, in the record that shows it: written when it has grown, not each time it is told."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud

Write = Callable[[Connection, int], None]
_WORTH_TELLING = 5


class Percent:
    """Called with percents. Every write is on the disk before it returns, so small steps are not told."""

    def __init__(self, cloud: Cloud, write: Write) -> None:
        self._cloud = cloud
        self._write = write
        self._told = 0

    def __call__(self, percent: int) -> None:
        if percent < self._told + _WORTH_TELLING:
            return
        self._told = percent
        with self._cloud.store.writing() as connection:
            self._write(connection, percent)
        self._cloud.news.ring()
