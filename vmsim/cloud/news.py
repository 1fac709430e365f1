"""A bell that rings after every commit. Who waits for something looks again when it rings; nothing is told with it."""

from __future__ import annotations

import threading


class News:
    """Counts the rings, so that none between looking and waiting is missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def ring(self) -> None:
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    @property
    def count(self) -> int:
        return self._count

    def wait(self, seen: int, timeout: float) -> int:
        """Until it rang after `seen`, at most `timeout` seconds; returns the count."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != seen, timeout)
            return self._count
