from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cloud_fixture import SetClock, launched
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers.forgetting import Forgetting
from vmsim.cloud.controllers.monitoring import Monitoring, Reading, samples_between
from vmsim.cloud.hardware import domain_spec
from vmsim.host.domain import Statistics
from vmsim.model.instance import Instance
from vmsim.model.sample import Sample
from vmsim.store import samples

MIB = 2**20
COUNTERS = Statistics(
    cpu_seconds=100.0,
    memory=128 * MIB,
    memory_unused=50 * MIB,
    memory_seen=120 * MIB,
    memory_available=90 * MIB,
    resident=200 * MIB,
    read_bytes=1000,
    written_bytes=2000,
    received_bytes=3000,
    sent_bytes=4000,
    received_packets=30,
    sent_packets=40,
)
BEFORE = Reading(1, 500.0, COUNTERS)


@pytest.fixture
def instance(cloud: Cloud) -> Instance:
    return launched(cloud)


def after(**changed: Any) -> Reading:
    return Reading(1, 510.0, replace(COUNTERS, **changed))


def test_counters_become_rates(instance: Instance) -> None:
    (sample,) = samples_between(instance, BEFORE, after(cpu_seconds=102.5, read_bytes=11_000, sent_packets=140), 1000)
    assert (sample.instance_id, sample.at, sample.seconds) == (instance.id, 1000, 10.0)
    assert (sample.cpu_percent, sample.read_bytes, sample.sent_packets) == (25.0, 1000.0, 10.0)
    assert (sample.written_bytes, sample.received_bytes) == (0.0, 0.0)
    assert (sample.memory_used_mib, sample.memory_percent) == (30.0, 25.0)


def test_processors_share_the_hundred_percent(instance: Instance) -> None:
    (sample,) = samples_between(replace(instance, cpu=2), BEFORE, after(cpu_seconds=110.0), 1000)
    assert sample.cpu_percent == 50.0
    (sample,) = samples_between(instance, BEFORE, after(cpu_seconds=112.0), 1000)
    assert sample.cpu_percent == 100.0, "QEMU's own work does not show"


def test_memory_is_only_what_the_guest_tells(instance: Instance) -> None:
    told = replace(COUNTERS, memory_available=None)
    (old,) = samples_between(instance, BEFORE, Reading(1, 510.0, told), 1000)
    assert old.memory_used_mib == 70.0
    (silent,) = samples_between(instance, BEFORE, Reading(1, 510.0, replace(told, memory_unused=None)), 1000)
    assert (silent.memory_used_mib, silent.memory_percent) == (None, None)


@pytest.mark.parametrize("counter", ["cpu_seconds", "read_bytes", "sent_packets"])
def test_a_counter_that_went_back_gives_nothing(instance: Instance, counter: str) -> None:
    assert samples_between(instance, BEFORE, after(**{counter: 0}), 1000) == []


def test_another_run_of_the_guest_gives_nothing(instance: Instance) -> None:
    assert samples_between(instance, BEFORE, Reading(2, 510.0, replace(COUNTERS, cpu_seconds=900.0)), 1000) == []


def stored(cloud: Cloud, instance: Instance) -> list[Sample]:
    with cloud.store.reading() as connection:
        return samples.between(connection, instance.id, 0, 2**40)


def test_running_guests_are_sampled_at_each_mark_and_stopped_ones_not(cloud: Cloud, instance: Instance) -> None:
    clock = cloud.clock
    assert isinstance(clock, SetClock)
    monitoring = Monitoring(cloud)

    def rounds(number: int) -> None:
        for _ in range(number):
            clock.advance(10.0)
            monitoring.reconcile()
            monitoring.reconcile()

    rounds(2)
    assert stored(cloud, instance) == []
    cloud.domains.define(domain_spec(cloud, instance))
    cloud.domains.start(instance.uuid)
    rounds(3)
    found = stored(cloud, instance)
    assert len(found) == 2, "the first reading has nothing before it"
    assert found[1].at - found[0].at == 10
    assert found[1].seconds == pytest.approx(10.0, abs=1.0)
    cloud.domains.destroy(instance.uuid)
    rounds(2)
    assert stored(cloud, instance) == found
    cloud.domains.start(instance.uuid)
    rounds(1)
    assert stored(cloud, instance) == found
    rounds(1)
    assert len(stored(cloud, instance)) == 3


def test_old_samples_are_forgotten(cloud: Cloud, instance: Instance) -> None:
    now = cloud.clock.now().timestamp()
    kept = cloud.settings.samples_kept
    assert kept >= 3600
    ages = (0, kept - 60, kept + 60)
    with cloud.store.writing() as connection:
        (pattern,) = samples_between(instance, BEFORE, after(cpu_seconds=101.0), 0)
        samples.add(connection, [replace(pattern, at=int(now - age)) for age in ages])
    Forgetting(cloud).reconcile()
    assert len(stored(cloud, instance)) == 2
