"""One pair of hands at an instance's machine: operations on it and jobs on its disks wait for each other.

The state tables refuse what may not be asked; this orders what was accepted. A worker holds one instance at a time, so
no two can wait for each other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Hands:
    """Locks by instance, made when first wanted and forgotten when nobody waits."""

    def __init__(self) -> None:
        self._own = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def on(self, instance_id: str) -> Iterator[None]:
        """Alone at this machine; "" is no machine, and nobody is waited for."""
        if not instance_id:
            yield
            return
        with self._own:
            lock, users = self._locks.get(instance_id, (threading.Lock(), 0))
            self._locks[instance_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._own:
                lock, users = self._locks.pop(instance_id)
                if users > 1:
                    self._locks[instance_id] = (lock, users - 1)
