from __future__ import annotations

import threading
import time
from pathlib import Path

import libvirt
import pytest

from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.domain_xml import DomainSpec
from vmsim.host.events import DomainEvent, Kind
from vmsim.model.errors import LibvirtError


def test_a_listener_that_fails_does_not_silence_the_others(
    connection: Connection, domains: Domains, spec: DomainSpec, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[DomainEvent] = []
    done = threading.Event()

    def broken(_: DomainEvent) -> None:
        raise ValueError("broken on purpose")

    def good(event: DomainEvent) -> None:
        heard.append(event)
        done.set()

    connection.subscribe(broken)
    connection.subscribe(good)
    domains.define(spec)

    assert done.wait(5)
    assert heard[0].kind is Kind.DEFINED
    assert "broken on purpose" in caplog.text


def test_listeners_may_call_libvirt_and_run_on_one_thread(
    connection: Connection, domains: Domains, spec: DomainSpec
) -> None:
    threads: set[int] = set()
    states: list[str] = []
    done = threading.Event()

    def listener(event: DomainEvent) -> None:
        threads.add(threading.get_ident())
        states.append(domains.status(event.uuid).state.value)
        if event.kind is Kind.STARTED:
            done.set()

    connection.subscribe(listener)
    domains.define(spec)
    domains.start(spec.uuid)

    assert done.wait(5)
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert states[-1] == "running"


def test_after_unsubscribing_nothing_is_heard(connection: Connection, domains: Domains, spec: DomainSpec) -> None:
    first: list[DomainEvent] = []
    second = threading.Event()
    unsubscribe = connection.subscribe(first.append)
    unsubscribe()
    unsubscribe()
    connection.subscribe(lambda _: second.set())
    domains.define(spec)

    assert second.wait(5)
    assert first == []


def test_sequence_numbers_have_no_gap(connection: Connection, domains: Domains, spec: DomainSpec) -> None:
    heard: list[int] = []
    done = threading.Event()

    def listener(event: DomainEvent) -> None:
        heard.append(event.sequence)
        if event.kind is Kind.UNDEFINED:
            done.set()

    connection.subscribe(listener)
    domains.define(spec)
    domains.start(spec.uuid)
    domains.destroy(spec.uuid)
    domains.undefine(spec.uuid)

    assert done.wait(5)
    assert heard == list(range(1, len(heard) + 1))


def test_a_libvirt_that_is_not_there_is_waited_for_and_then_named(tmp_path: Path) -> None:
    connection = Connection(f"qemu+unix:///system?socket={tmp_path}/none")
    began = time.monotonic()

    with pytest.raises(LibvirtError, match="does not answer at"):
        connection.open(limit=0.3)

    assert 0.3 <= time.monotonic() - began < 5
    connection.close()


def test_a_closed_connection_refuses_calls_and_may_be_closed_again(connection: Connection) -> None:
    connection.close()
    connection.close()

    assert not connection.connected
    with pytest.raises(LibvirtError):
        Domains(connection).all()


def test_closing_ends_our_threads(tmp_path: Path, connection: Connection) -> None:
    connection.close()

    assert not {"libvirt-events", "libvirt-keeper"} & {thread.name for thread in threading.enumerate()}


def test_libvirt_prints_nothing_of_its_own(
    connection: Connection, domains: Domains, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LibvirtError):
        connection.call(lambda raw: raw.networkDefineXMLFlags("<nonsense/>"))

    assert capfd.readouterr().err == ""


def test_other_errors_pass_through(connection: Connection) -> None:
    def work(_: libvirt.virConnect) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        connection.call(work)
