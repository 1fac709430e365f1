"""A price table of this simulator's own. LOCAL: no price here is Tencent Cloud's, nothing is ever charged.

It is there so that programs which ask for prices get every figure they read, the same on every machine, and bigger
things cost more. Currency units are what a reader likes them to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vmsim.model.instance_types import InstanceType

HOURS_A_MONTH = 720
_CPU_HOUR = 0.06
_GIB_MEMORY_HOUR = 0.03
_GIB_DISK_HOUR: Mapping[str, float] = {
    "CLOUD_BASIC": 0.0004,
    "CLOUD_PREMIUM": 0.0005,
    "CLOUD_BSSD": 0.0007,
    "CLOUD_SSD": 0.001,
    "CLOUD_HSSD": 0.0012,
    "CLOUD_TSSD": 0.0018,
}
_MBIT_HOUR = 0.06
_GIB_TRAFFIC = 0.8
_PREPAID_DISCOUNT = 50.0
"""Percent of the hourly price; a year in advance costs less still."""
_YEARS = {12: 41.5, 36: 25.0, 60: 15.0}


@dataclass(frozen=True)
class Hourly:
    """What an hour costs."""

    price: float

    def prepaid(self, months: int) -> Prepaid:
        full = self.price * HOURS_A_MONTH * months
        discount = min([_PREPAID_DISCOUNT, *(percent for least, percent in _YEARS.items() if months >= least)])
        return Prepaid(round(full, 2), round(full * discount / 100, 2), discount)


@dataclass(frozen=True)
class Prepaid:
    """The full price of a period, what is asked for it, and the percentage that is."""

    original: float
    discounted: float
    discount: float


def machine(kind: InstanceType, disks: Mapping[str, int]) -> Hourly:
    """An instance with `disks`: GiB by disk type."""
    storage = sum(_GIB_DISK_HOUR[disk] * gib for disk, gib in disks.items())
    return Hourly(round(kind.cpu * _CPU_HOUR + kind.memory_mib / 1024 * _GIB_MEMORY_HOUR + storage, 4))


def bandwidth(mbit: int) -> Hourly:
    return Hourly(round(mbit * _MBIT_HOUR, 4))


def traffic() -> float:
    """A GiB sent."""
    return _GIB_TRAFFIC
