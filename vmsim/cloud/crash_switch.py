"""The switch that only tests have: kill the daemon, as a power cut would, when it reaches a named step.

`VMSIM_TEST_KILL_AT=stop.press` kills once: a file in the home remembers it, so that the next daemon gets through.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

VARIABLE = "VMSIM_TEST_KILL_AT"


def from_environment(home: Path) -> Callable[[str], None]:
    """What is told every step; does nothing in an ordinary daemon."""
    wanted = os.environ.get(VARIABLE, "")
    if not wanted:
        return lambda step: None
    done = home / f"killed-at-{wanted}"

    def reached(step: str) -> None:
        if step == wanted and not done.exists():
            done.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
