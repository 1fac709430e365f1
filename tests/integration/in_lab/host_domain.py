"""Domains on the lab's own libvirt and QEMU; one of the tests boots the tiny guest."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import psutil
import pytest

from vmsim.host import command, power_button, process, serial, ssh
from vmsim.host.connection import Connection
from vmsim.host.domain import Domains, DomainState, Watch
from vmsim.host.domain_xml import DiskSpec, DomainSpec, InterfaceSpec
from vmsim.host.events import DomainEvent, Kind
from vmsim.host.firewall import Firewall
from vmsim.host.network import Networks
from vmsim.host.network_xml import NetworkSpec
from vmsim.host.power_button import Button
from vmsim.host.ruleset import PublicAddress, Situation
from vmsim.model.errors import HostError, LibvirtError

UUID = "7b2f1c9a-5f0e-4c61-9f1e-0a1b2c3d4e5f"
NETWORK = NetworkSpec("subnet-00000001", "vmsim1", IPv4Address("172.16.0.1"), 20)
MAC, ADDRESS, PUBLIC = "52:54:00:10:00:02", IPv4Address("172.16.0.2"), IPv4Address("203.0.113.5")
BOOT_LIMIT = 60.0


@pytest.fixture
def domains(connection: Connection) -> Domains:
    return Domains(connection)


@pytest.fixture
def networks(connection: Connection) -> Iterator[Networks]:
    made = Networks(connection)
    made.ensure(NETWORK)
    made.add_host(NETWORK.name, MAC, ADDRESS, "ins-3k9x0q2a")
    yield made
    Firewall().apply(Situation)
    made.remove(NETWORK.name)


@pytest.fixture
def spec(tmp_path: Path, domains: Domains, networks: Networks) -> Iterator[DomainSpec]:
    """A domain that is defined, on a fresh disk of the tiny image."""
    disk = tmp_path / "disk.qcow2"
    image = os.environ["VMSIM_TEST_IMAGE"]
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, disk])
    runtime = Path(os.environ["VMSIM_RUNTIME"])
    made = DomainSpec(
        instance_id="ins-3k9x0q2a",
        uuid=UUID,
        cpus=1,
        memory_mib=128,
        disks=(DiskSpec(disk, "disk-00000001", "vda"),),
        interfaces=(InterfaceSpec(MAC, NETWORK.name),),
        serial_log=tmp_path / "serial.log",
        serial_socket=runtime / "test.serial",
        display_socket=runtime / "test.vnc",
    )
    domains.define(made)
    yield made
    domains.destroy(made.uuid)
    domains.undefine(made.uuid)


def until(watch: Watch, kind: Kind, limit: float = 15.0) -> list[DomainEvent]:
    """What was heard up to and with `kind`."""
    heard = []
    deadline = time.monotonic() + limit
    while event := watch.wait(deadline):
        heard.append(event)
        if event.kind is kind:
            return heard
    raise AssertionError(f"no {kind} within {limit} s, but {heard}")


def kinds(events: list[DomainEvent]) -> list[Kind]:
    agent = (Kind.AGENT_CONNECTED, Kind.AGENT_DISCONNECTED)
    return [event.kind for event in events if event.kind not in agent]


def libvirtd() -> psutil.Process:
    return next(each for each in psutil.process_iter() if each.name() == "libvirtd")


def button(domains: Domains, wanted: Callable[[Button], bool], limit: float = BOOT_LIMIT) -> Button | None:
    """The button as soon as there is a verdict as wanted."""
    deadline = time.monotonic() + limit
    pause = threading.Event()
    while True:
        found = power_button.state(domains, UUID)
        if (found is not None and wanted(found)) or time.monotonic() >= deadline:
            return found
        pause.wait(0.02)


def test_a_guest_boots_answers_and_shuts_itself_down(domains: Domains, networks: Networks, spec: DomainSpec) -> None:
    began = time.time()
    serial.mark(spec.serial_log, "start 1")
    with domains.watch(UUID) as watch:
        domains.start(UUID)
        assert until(watch, Kind.STARTED)[-1].detail == "booted"
        status = domains.status(UUID)
        assert (status.state, status.reason) == (DomainState.RUNNING, "booted")
        assert status.pid == process.qemu_pid(spec.instance_id)

        # Nobody listens in the boot loader: the press is lost and leaves no trace.
        assert button(domains, lambda found: True) == Button(listening=False, pending=False)
        domains.press_power_button(UUID)
        assert power_button.state(domains, UUID) == Button(listening=False, pending=False)

        # The log is cut while the guest boots.
        assert serial.wait_for(spec.serial_log, "Linux version", time.monotonic() + BOOT_LIMIT)
        assert serial.bound(spec.serial_log, 100)

        assert button(domains, lambda found: found.listening) == Button(listening=True, pending=False)
        text = serial.wait_for(spec.serial_log, "VMSIM-READY.*\n", time.monotonic() + BOOT_LIMIT)
        assert text is not None
        assert b"\0" not in spec.serial_log.read_bytes()
        ready = serial.signs(text).ready
        assert ready is not None
        assert ready["address"] == str(ADDRESS)

        lease = networks.lease(NETWORK.name, MAC)
        assert lease is not None
        assert (lease.address, lease.name) == (ADDRESS, spec.instance_id)
        assert lease.expires > began

        Firewall().apply(lambda: Situation(public=(PublicAddress(PUBLIC, ADDRESS),)))
        assert (ssh.banner(str(PUBLIC)) or "").startswith("SSH-2.0-")
        assert (ssh.banner(str(ADDRESS)) or "").startswith("SSH-2.0-")
        with pytest.raises(HostError, match="another host key"):
            ssh.Session((str(ADDRESS), 22), host_key=ssh.generate_key().public, password="x")

        statistics = domains.statistics(UUID)
        assert statistics.cpu_seconds > 0.1
        assert statistics.read_bytes > 2**20
        assert statistics.received_bytes > 0
        assert statistics.resident > 64 * 2**20
        assert not domains.has_managed_save(UUID)

        held = process.hold(spec.instance_id)
        assert held is not None
        with held:
            # While its processor stands still the press stays pending; then the kernel takes it.
            domains.monitor(UUID, "stop")
            domains.monitor(UUID, "system_powerdown")
            assert power_button.state(domains, UUID) == Button(listening=True, pending=True)
            domains.resume(UUID)
            assert button(domains, lambda found: not found.pending, limit=2) in (Button(True, False), None)
            heard = until(watch, Kind.STOPPED)
            assert [kind for kind in kinds(heard) if kind not in (Kind.SUSPENDED, Kind.RESUMED)] == [
                Kind.SHUTDOWN_GUEST,
                Kind.STOPPED,
            ]
            assert heard[-1].detail == "shutdown"
            assert held.wait_gone(time.monotonic() + 5)
            assert held.resident_bytes == 0

    status = domains.status(UUID)
    assert (status.state, status.reason, status.pid) == (DomainState.SHUTOFF, "shutdown", None)
    assert power_button.state(domains, UUID) is None
    command.run(["qemu-img", "check", "-q", spec.disks[0].path])


def test_a_qemu_that_was_killed(domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(UUID) as watch:
        domains.start(UUID)
        until(watch, Kind.STARTED)
        held = process.hold(spec.instance_id)
        assert held is not None
        with held:
            os.kill(held.pid, signal.SIGKILL)
            heard = until(watch, Kind.STOPPED)
            assert held.gone

    assert kinds(heard)[-1:] == [Kind.STOPPED]
    assert not {Kind.SHUTDOWN_GUEST, Kind.SHUTDOWN_HOST} & set(kinds(heard))
    assert heard[-1].detail == "failed"
    assert domains.status(UUID) == replace(domains.status(UUID), state=DomainState.SHUTOFF, reason="crashed", pid=None)


def test_a_qemu_that_was_asked_to_end_is_no_guest_that_shut_down(domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(UUID) as watch:
        domains.start(UUID)
        until(watch, Kind.STARTED)
        pid = process.qemu_pid(spec.instance_id)
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        heard = until(watch, Kind.STOPPED)

    assert Kind.SHUTDOWN_HOST in kinds(heard)
    assert Kind.SHUTDOWN_GUEST not in kinds(heard)


def test_the_plug(domains: Domains, spec: DomainSpec) -> None:
    with domains.watch(UUID) as watch:
        domains.start(UUID)
        held = process.hold(spec.instance_id)
        assert held is not None
        with held:
            domains.destroy(UUID)
            assert held.wait_gone(time.monotonic() + 1)
        domains.destroy(UUID)
        heard = until(watch, Kind.STOPPED)

    assert heard[-1].detail == "destroyed"
    assert domains.status(UUID).reason == "destroyed"


def test_a_paused_guest_refuses_the_button_and_takes_it_resumed(domains: Domains, spec: DomainSpec) -> None:
    domains.start(UUID)
    domains.suspend(UUID)
    assert domains.status(UUID).state is DomainState.PAUSED
    with pytest.raises(LibvirtError, match="not running"):
        domains.press_power_button(UUID)
    assert domains.status(UUID).state is DomainState.PAUSED

    domains.resume(UUID)
    domains.press_power_button(UUID)
    assert domains.status(UUID).state is DomainState.RUNNING


def test_libvirtd_killed_and_back(domains: Domains, spec: DomainSpec) -> None:
    domains.start(UUID)
    before = domains.status(UUID)
    with domains.watch(UUID) as watch:
        libvirtd().kill()
        heard = until(watch, Kind.CONNECTION_BACK)
        assert Kind.CONNECTION_LOST in kinds(heard)
        # A call made in between would have waited; the guest never noticed.
        after = domains.status(UUID)
        assert (after.state, after.pid) == (DomainState.RUNNING, before.pid)
        # libvirtd has taken the guest over before the connection is said to be back: no event is missed from now on.
        domains.destroy(UUID)
        assert until(watch, Kind.STOPPED)[-1].detail == "destroyed"
    assert domains.status(UUID).state is DomainState.SHUTOFF
    assert before.pid is not None
    assert process.wait_gone(before.pid, time.monotonic())


def test_a_call_during_libvirtds_absence_waits_for_it(domains: Domains, spec: DomainSpec) -> None:
    domains.start(UUID)
    libvirtd().kill()

    assert domains.status(UUID).state is DomainState.RUNNING


def test_a_guest_that_died_while_libvirtd_was_away(domains: Domains, spec: DomainSpec) -> None:
    domains.start(UUID)
    held = process.hold(spec.instance_id)
    assert held is not None
    with held, domains.watch(UUID) as watch:
        libvirtd().kill()
        os.kill(held.pid, signal.SIGKILL)
        assert held.wait_gone(time.monotonic() + 5)
        until(watch, Kind.CONNECTION_BACK)
        assert domains.status(UUID).state is DomainState.SHUTOFF


def test_many_deaths_of_libvirtd_leave_no_descriptor_open(connection: Connection, domains: Domains) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(5):
        with domains.watch(UUID) as watch:
            libvirtd().kill()
            until(watch, Kind.CONNECTION_BACK)
    assert descriptors() <= before
    assert connection.connected
