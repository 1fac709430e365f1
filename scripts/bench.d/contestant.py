"""What takes part: somebody who can bring a guest through its life, one timed phase after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

LAUNCH, STOP, EDIT, START = "launch → SSH", "soft stop", "offline password + key", "start → SSH"
MEASURES = (LAUNCH, STOP, EDIT, START)


class Contestant(Protocol):
    """`round` yields (measure, seconds) as it goes and leaves no guest behind, however it ends."""

    name: str

    def round(self) -> Iterator[tuple[str, float]]: ...
