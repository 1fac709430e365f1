from __future__ import annotations

from vmsim.model.sample import Point, Sample, points


def sample(at: int, value: float, seconds: float = 10.0) -> Sample:
    return Sample("ins-00000000", at, seconds, value, None, None, 0, 0, 0, 0, 0, 0)


def cpu(one: Sample) -> float:
    return one.cpu_percent


def test_a_sample_is_of_the_time_before_it() -> None:
    assert points([sample(60, 1.0), sample(70, 2.0)], cpu, 60) == [Point(0, 1.0, 1.0, 1.0), Point(60, 2.0, 2.0, 2.0)]


def test_a_longer_sample_counts_for_longer() -> None:
    (point,) = points([sample(10, 0.0), sample(40, 100.0, 30.0)], cpu, 60)
    assert point == Point(0, 75.0, 100.0, 0.0)


def test_what_has_no_value_makes_no_point() -> None:
    assert points([sample(10, 1.0)], lambda one: one.memory_percent, 60) == []


def test_periods_without_samples_are_left_out() -> None:
    assert [point.at for point in points([sample(10, 1.0), sample(190, 1.0)], cpu, 60)] == [0, 180]
