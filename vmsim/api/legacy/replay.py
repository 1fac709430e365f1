"""A request is done once: within the window of its Timestamp no key may use a Nonce again.

Only what was signed rightly is remembered, so that a stranger can neither fill the memory nor spend somebody's number.
What is kept is bounded, the oldest goes first; it is lost with the daemon.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from vmsim.api.signature import WINDOW
from vmsim.model.errors import UsageError

MOST = 100_000
REPLAYED = "ReplayAttack"


class Nonces:
    """The numbers that were used of late, oldest first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._used: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def use(self, secret_id: str, nonce: str, now: float) -> None:
        """Raises UsageError when it was used before."""
        # The clock of the first use may have been behind by a window, that of the second may be ahead by one.
        forgotten_at = now + 2 * WINDOW
        with self._lock:
            self._forget(now)
            if (secret_id, nonce) in self._used:
                raise UsageError(
                    f"Nonce {nonce} was used before; every request needs another one.",
                    hint=f"A Nonce may come again after {2 * WINDOW} s.",
                    code=REPLAYED,
                )
            self._used[secret_id, nonce] = forgotten_at
            if len(self._used) > self._most:
                self._used.popitem(last=False)

    def _forget(self, now: float) -> None:
        while self._used and next(iter(self._used.values())) <= now:
            self._used.popitem(last=False)
