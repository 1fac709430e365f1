"""Instance types: real ones of Tencent Cloud with their CPU and memory, and small ones for labs.

Lab types have less than a GiB; `memory_gib` rounds up, because the API knows whole GiB only.
Source of the real rows: Tencent Cloud, "Instance types" (standard, high-I/O-free families S5, SA2, S6, S2, M5, C5).
"""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.model.errors import UsageError


@dataclass(frozen=True)
class InstanceType:
    """CPU count and memory in MiB."""

    name: str
    cpu: int
    memory_mib: int

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]

    @property
    def memory_gib(self) -> int:
        return -(-self.memory_mib // 1024)

    @property
    def memory_words(self) -> str:
        """ "512 MiB" or "4 GiB"."""
        whole, rest = divmod(self.memory_mib, 1024)
        return f"{self.memory_mib} MiB" if rest else f"{whole} GiB"


_SIZES: dict[str, tuple[tuple[str, int, int], ...]] = {
    "S5": (
        ("SMALL1", 1, 1),
        ("SMALL2", 1, 2),
        ("SMALL4", 1, 4),
        ("MEDIUM2", 2, 2),
        ("MEDIUM4", 2, 4),
        ("MEDIUM8", 2, 8),
        ("LARGE8", 4, 8),
        ("LARGE16", 4, 16),
        ("2XLARGE16", 8, 16),
        ("2XLARGE32", 8, 32),
        ("4XLARGE32", 16, 32),
        ("4XLARGE64", 16, 64),
        ("6XLARGE48", 24, 48),
        ("6XLARGE96", 24, 96),
        ("8XLARGE64", 32, 64),
        ("8XLARGE128", 32, 128),
    ),
    "SA2": (
        ("SMALL1", 1, 1),
        ("SMALL2", 1, 2),
        ("SMALL4", 1, 4),
        ("MEDIUM2", 2, 2),
        ("MEDIUM4", 2, 4),
        ("MEDIUM8", 2, 8),
        ("LARGE8", 4, 8),
        ("LARGE16", 4, 16),
        ("2XLARGE16", 8, 16),
        ("2XLARGE32", 8, 32),
        ("4XLARGE32", 16, 32),
        ("4XLARGE64", 16, 64),
    ),
    "S6": (
        ("SMALL1", 1, 1),
        ("SMALL2", 1, 2),
        ("MEDIUM2", 2, 2),
        ("MEDIUM4", 2, 4),
        ("MEDIUM8", 2, 8),
        ("LARGE8", 4, 8),
        ("LARGE16", 4, 16),
        ("2XLARGE16", 8, 16),
        ("2XLARGE32", 8, 32),
        ("4XLARGE32", 16, 32),
        ("4XLARGE64", 16, 64),
    ),
    "S2": (
        ("SMALL1", 1, 1),
        ("SMALL2", 1, 2),
        ("SMALL4", 1, 4),
        ("MEDIUM2", 2, 2),
        ("MEDIUM4", 2, 4),
        ("MEDIUM8", 2, 8),
        ("LARGE8", 4, 8),
        ("LARGE16", 4, 16),
        ("2XLARGE16", 8, 16),
        ("2XLARGE32", 8, 32),
    ),
    "M5": (
        ("SMALL8", 1, 8),
        ("MEDIUM16", 2, 16),
        ("LARGE32", 4, 32),
        ("2XLARGE64", 8, 64),
        ("4XLARGE128", 16, 128),
    ),
    "C5": (
        ("LARGE8", 4, 8),
        ("LARGE16", 4, 16),
        ("2XLARGE16", 8, 16),
        ("2XLARGE32", 8, 32),
        ("4XLARGE32", 16, 32),
    ),
}
_LAB_MIB = (128, 256, 512)


def _table() -> dict[str, InstanceType]:
    lab = [InstanceType(f"LAB{cpu}.NANO{mib}", cpu, mib) for cpu in (1, 2) for mib in _LAB_MIB]
    real = [
        InstanceType(f"{family}.{size}", cpu, gib * 1024)
        for family, sizes in _SIZES.items()
        for size, cpu, gib in sizes
    ]
    return {kind.name: kind for kind in (*lab, *real)}


TYPES = _table()


def instance_type(name: str) -> InstanceType:
    """The type of this name. Raises UsageError with the published code."""
    found = TYPES.get(name)
    if found is None:
        malformed = not name or "." not in name
        raise UsageError(
            f"There is no instance type {name!r}.",
            hint="`vmsim type list` shows them.",
            code="InvalidInstanceType.Malformed" if malformed else "InvalidParameterValue.InstanceTypeNotFound",
        )
    return found


def smallest(memory_mib: int) -> InstanceType:
    """The smallest type with one CPU and at least this much memory."""
    fitting = [kind for kind in TYPES.values() if kind.memory_mib >= memory_mib]
    return min(fitting, key=lambda kind: (kind.memory_mib, kind.cpu, kind.name))
