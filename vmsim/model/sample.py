"""What a guest used, interval by interval, and how intervals become the points that a monitor shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """The `seconds` that ended at `at` (Unix time). Bytes and packets are per second; a percentage is of the whole.

    Memory is None where the guest did not tell."""

    instance_id: str
    at: int
    seconds: float
    cpu_percent: float
    memory_used_mib: float | None
    memory_percent: float | None
    read_bytes: float
    written_bytes: float
    received_bytes: float
    sent_bytes: float
    received_packets: float
    sent_packets: float


@dataclass(frozen=True)
class Point:
    """What the samples of the period that begins at `at` say."""

    at: int
    average: float
    largest: float
    smallest: float


def points(samples: Iterable[Sample], value: Callable[[Sample], float | None], period: int) -> list[Point]:
    """A point for each period that has a value, oldest first.

    A sample belongs to the period that holds its middle, and counts as long as it was."""
    periods: dict[int, list[tuple[float, float]]] = {}
    for sample in samples:
        found = value(sample)
        if found is not None:
            middle = sample.at - sample.seconds / 2
            periods.setdefault(int(middle // period) * period, []).append((found, sample.seconds))
    return [_point(at, weighed) for at, weighed in sorted(periods.items())]


def _point(at: int, weighed: list[tuple[float, float]]) -> Point:
    values = [value for value, _ in weighed]
    average = sum(value * seconds for value, seconds in weighed) / sum(seconds for _, seconds in weighed)
    return Point(at, average, max(values), min(values))
