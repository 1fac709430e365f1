"""Types: the cloud's own with their sizes, small ones for labs, and how they are named and rounded."""

from __future__ import annotations

import pytest

from vmsim.model.errors import UsageError
from vmsim.model.instance_types import TYPES, InstanceType, instance_type, smallest


@pytest.mark.parametrize(
    ("name", "cpu", "memory_mib"),
    [
        ("LAB1.NANO128", 1, 128),
        ("LAB2.NANO512", 2, 512),
        ("S5.SMALL1", 1, 1024),
        ("S5.MEDIUM4", 2, 4096),
        ("SA2.4XLARGE64", 16, 65536),
        ("M5.SMALL8", 1, 8192),
    ],
)
def test_sizes(name: str, cpu: int, memory_mib: int) -> None:
    assert instance_type(name) == InstanceType(name, cpu, memory_mib)


def test_names_are_keys_and_sizes_are_sane() -> None:
    assert all(name == kind.name and kind.cpu >= 1 and kind.memory_mib >= 128 for name, kind in TYPES.items())
    assert {kind.family for kind in TYPES.values()} == {"LAB1", "LAB2", "S5", "SA2", "S6", "S2", "M5", "C5"}
    assert all(kind.memory_mib % 1024 == 0 for kind in TYPES.values() if not kind.family.startswith("LAB"))


@pytest.mark.parametrize(
    ("memory_mib", "gib", "words"),
    [(128, 1, "128 MiB"), (512, 1, "512 MiB"), (1024, 1, "1 GiB"), (1536, 2, "1536 MiB"), (4096, 4, "4 GiB")],
)
def test_the_api_rounds_up_and_people_read_it_exactly(memory_mib: int, gib: int, words: str) -> None:
    kind = InstanceType("X.Y", 1, memory_mib)
    assert (kind.memory_gib, kind.memory_words) == (gib, words)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "InvalidInstanceType.Malformed"),
        ("huge", "InvalidInstanceType.Malformed"),
        ("S5.HUGE", "InvalidParameterValue.InstanceTypeNotFound"),
        ("s5.small1", "InvalidParameterValue.InstanceTypeNotFound"),
    ],
)
def test_an_unknown_type(name: str, code: str) -> None:
    with pytest.raises(UsageError, match="There is no instance type") as caught:
        instance_type(name)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("memory_mib", "name"), [(1, "LAB1.NANO128"), (128, "LAB1.NANO128"), (129, "LAB1.NANO256"), (513, "S2.SMALL1")]
)
def test_the_smallest_that_fits(memory_mib: int, name: str) -> None:
    assert smallest(memory_mib).name == name
