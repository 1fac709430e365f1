from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from vmsim.host.connection import Connection
from vmsim.host.domain import Domains, DomainState, Watch
from vmsim.host.domain_xml import DomainSpec, parse
from vmsim.host.events import DomainEvent, Kind
from vmsim.model.errors import LibvirtError, NotFound

ABSENT_UUID = "00000000-0000-4000-8000-000000000001"


def next_event(watch: Watch, kind: Kind) -> DomainEvent:
    deadline = time.monotonic() + 5
    while event := watch.wait(deadline):
        if event.kind is kind:
            return event
    raise AssertionError(f"no {kind} came")


def test_a_life(domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(spec.uuid) as watch:
        domains.define(spec)
        assert domains.status(spec.uuid).state is DomainState.SHUTOFF
        assert next_event(watch, Kind.DEFINED).detail == "added"

        domains.start(spec.uuid)
        assert domains.status(spec.uuid).state is DomainState.RUNNING
        assert next_event(watch, Kind.STARTED).detail == "booted"

        domains.destroy(spec.uuid)
        assert domains.status(spec.uuid).state is DomainState.SHUTOFF
        assert next_event(watch, Kind.STOPPED).detail == "destroyed"

        domains.undefine(spec.uuid)
        assert domains.status(spec.uuid).state is DomainState.ABSENT
        next_event(watch, Kind.UNDEFINED)


def test_what_is_so_already_is_no_error(domains: Domains, spec: DomainSpec) -> None:
    domains.define(spec)
    domains.define(spec)
    domains.start(spec.uuid)
    domains.start(spec.uuid)
    domains.suspend(spec.uuid)
    domains.suspend(spec.uuid)
    assert domains.status(spec.uuid).state is DomainState.PAUSED
    domains.resume(spec.uuid)
    domains.resume(spec.uuid)
    domains.destroy(spec.uuid)
    domains.destroy(spec.uuid)
    domains.undefine(spec.uuid)
    domains.undefine(spec.uuid)
    domains.destroy(spec.uuid)
    assert domains.all() == {}


def test_a_new_definition_replaces_the_old(domains: Domains, spec: DomainSpec) -> None:
    domains.define(spec)
    domains.define(replace(spec, cpus=4, memory_mib=512))

    found = parse(domains.xml(spec.uuid))
    assert (found.instance_id, found.cpus, found.memory_mib) == (spec.instance_id, 4, 512)
    assert found.disks == spec.disks


def test_all_and_names(domains: Domains, spec: DomainSpec) -> None:
    other = replace(spec, uuid=ABSENT_UUID, instance_id="ins-other000")
    domains.define(spec)
    domains.define(other)
    domains.start(spec.uuid)

    assert {uuid: status.state for uuid, status in domains.all().items()} == {
        spec.uuid: DomainState.RUNNING,
        other.uuid: DomainState.SHUTOFF,
    }
    assert domains.names() == {spec.uuid: "ins-3k9x0q2a", other.uuid: "ins-other000"}


def test_a_domain_that_is_not_there_is_not_found(domains: Domains) -> None:
    for verb in (
        domains.start,
        domains.press_power_button,
        domains.suspend,
        domains.resume,
        domains.xml,
        domains.reset,
    ):
        with pytest.raises(NotFound, match=f"There is no domain {ABSENT_UUID}"):
            verb(ABSENT_UUID)
    with pytest.raises(NotFound):
        domains.monitor(ABSENT_UUID, "info status")


def test_a_refusal_keeps_libvirts_number(domains: Domains, spec: DomainSpec) -> None:
    domains.define(spec)

    with pytest.raises(LibvirtError, match="not running") as caught:
        domains.suspend(spec.uuid)
    assert caught.value.number != 0


def test_xml_that_is_not_valid_is_refused(domains: Domains, spec: DomainSpec) -> None:
    with pytest.raises(LibvirtError):
        domains.define(replace(spec, uuid="not a uuid"))


def test_no_memory_is_saved(domains: Domains, spec: DomainSpec) -> None:
    domains.define(spec)

    assert not domains.has_managed_save(spec.uuid)


def test_a_watch_hears_its_own_domain_only_and_in_order(domains: Domains, spec: DomainSpec) -> None:
    other = replace(spec, uuid=ABSENT_UUID, instance_id="ins-other000")
    with domains.watch(spec.uuid) as watch:
        domains.define(other)
        domains.define(spec)
        domains.start(other.uuid)
        domains.start(spec.uuid)
        heard = [watch.wait(time.monotonic() + 5), watch.wait(time.monotonic() + 5)]

    assert [event and (event.uuid, event.kind) for event in heard] == [
        (spec.uuid, Kind.DEFINED),
        (spec.uuid, Kind.STARTED),
    ]
    assert heard[0] and heard[1] and heard[0].sequence < heard[1].sequence


def test_a_watch_that_hears_nothing_ends_at_its_deadline(domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(spec.uuid) as watch:
        began = time.monotonic()
        assert watch.wait(began + 0.05) is None
        assert 0.05 <= time.monotonic() - began < 2


def test_a_watch_is_over_when_it_is_left(connection: Connection, domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(spec.uuid) as left:
        pass
    with domains.watch(spec.uuid) as watch:
        domains.define(spec)
        next_event(watch, Kind.DEFINED)

    assert left.wait(0) is None


def test_a_running_domain_has_its_disks_plugged(domains: Domains, spec: DomainSpec) -> None:
    assert domains.plugged(spec.uuid) == ()
    domains.define(spec)
    assert domains.plugged(spec.uuid) == ()
    domains.start(spec.uuid)
    assert domains.plugged(spec.uuid) == spec.disks


def test_what_is_plugged_or_gone_already_is_no_error(domains: Domains, spec: DomainSpec) -> None:
    """The test driver plugs nothing: each refusal is judged by what is so."""
    another = replace(spec.disks[0], path=Path("/disks/other.qcow2"), target="vdc")
    assert domains.ask_to_unplug(spec.uuid, another)
    domains.define(spec)
    domains.start(spec.uuid)
    domains.plug(spec.uuid, spec.disks[0])
    assert domains.ask_to_unplug(spec.uuid, another)
    with pytest.raises(LibvirtError):
        domains.plug(spec.uuid, another)
    with pytest.raises(LibvirtError):
        domains.ask_to_unplug(spec.uuid, spec.disks[0])
