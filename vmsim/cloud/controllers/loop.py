"""The loop every controller runs in: wait for a wake or the interval, reconcile, remember how it went.

A wake carries nothing: what to do is always found by looking, so there is one path for "something happened" and for
"something was missed".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Loop:
    """One thread. `reconcile` raises rather than retries; the next round is the retry."""

    def __init__(self, name: str, reconcile: Callable[[], None], interval: float) -> None:
        self.name = name
        self.last_error = ""
        self.rounds = 0
        self._reconcile = reconcile
        self._interval = interval
        self._woken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopped = True
        self._woken.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._reconcile()
                self.last_error = ""
            except Exception as error:
                if str(error) != self.last_error:
                    log.warning("%s: %s", self.name, error, exc_info=not self.last_error)
                self.last_error = str(error)
            self.rounds += 1
            self._woken.wait(self._interval)
            self._woken.clear()
