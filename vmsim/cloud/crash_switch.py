"""The switch that only tests have: kill the daemon, as a power cut would, when it reaches a named step.

`VMSIM_TEST_KILL_AT=stop.press` kills once: a file in the home remembers it, so that the next daemon gets through.
`VMSIM_TEST_KILL_AT=file` takes the step from the file `kill-at` in the home, which goes before the kill, and writes
down every step that is reached (`steps-reached`): one lab can be killed at one step after the other, and a test learns
from the code itself which steps there are. Work that reaches a step named in `hold-at` (a line each) stays there for
ever, so that a test can pull the plug of the whole lab at several places at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

VARIABLE = "VMSIM_TEST_KILL_AT"
BY_FILE = "file"
WANTED, HELD, REACHED = "kill-at", "hold-at", "steps-reached"


def from_environment(home: Path) -> Callable[[str], None]:
    """What is told every step; does nothing in an ordinary daemon."""
    wanted = os.environ.get(VARIABLE, "")
    if not wanted:
        return lambda step: None
    return _by_file(home) if wanted == BY_FILE else _once(home, wanted)


def _once(home: Path, wanted: str) -> Callable[[str], None]:
    done = home / f"killed-at-{wanted}"

    def reached(step: str) -> None:
        if step == wanted and not done.exists():
            done.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _by_file(home: Path) -> Callable[[str], None]:
    def reached(step: str) -> None:
        with (home / REACHED).open("a") as written:
            written.write(f"{step}\n")
        if (home / WANTED).exists() and (home / WANTED).read_text() == step:
            (home / WANTED).unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if (home / HELD).exists() and step in (home / HELD).read_text().splitlines():
            threading.Event().wait()

    return reached
