"""The worker's part of binding and unbinding EIPs: what is recorded, and the lab's filters with it."""

from __future__ import annotations

import pytest

from cloud_fixture import CALLER, launched, now, put, submit
from vmsim.cloud import elastic, firewall, removal
from vmsim.cloud.context import Cloud
from vmsim.cloud.elastic import AddressRequest, Asker
from vmsim.cloud.jobs import kinds
from vmsim.cloud.tasks import perform
from vmsim.host import command
from vmsim.model.address import Address, AddressStatus
from vmsim.model.errors import HostError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.store import addresses, jobs

ASKER = Asker(CALLER, "asked")
REGION = "ap-guangzhou"


class Died(BaseException):
    """As if the daemon had been killed there."""


@pytest.fixture
def guest(cloud: Cloud) -> Instance:
    return launched(cloud, InstanceState.STOPPED)


def work(cloud: Cloud) -> None:
    """Whatever has been accepted is done."""
    with cloud.store.reading() as connection:
        left = jobs.unsettled(connection)
    for record in left:
        kinds.perform(cloud, record.id)


def free(cloud: Cloud) -> str:
    (ident,), _ = elastic.allocate(cloud, REGION, AddressRequest(bandwidth=9), ASKER)
    work(cloud)
    return ident


def known(cloud: Cloud, ident: str) -> Address:
    with cloud.store.reading() as connection:
        found = addresses.one(connection, ident)
    assert found is not None
    return found


def bind(cloud: Cloud, ident: str, guest: Instance) -> int:
    return elastic.bind(cloud, REGION, ident, guest.id, direct=None, asker=ASKER)


def bound(cloud: Cloud, guest: Instance) -> str:
    ident = free(cloud)
    bind(cloud, ident, guest)
    work(cloud)
    return ident


def translated(cloud: Cloud, ident: str) -> bool:
    """Does the lab know the way from it to a guest?"""
    here = command.run(["ip", "-4", "-o", "address", "show", "dev", "lo"]).stdout
    return f"{known(cloud, ident).ip}/32" in here


def test_it_is_bound_and_unbound(cloud: Cloud, guest: Instance) -> None:
    ident = free(cloud)
    assert not translated(cloud, ident)
    bind(cloud, ident, guest)
    work(cloud)
    held = known(cloud, ident)
    assert (held.status, held.instance_id) == (AddressStatus.BIND, guest.id)
    assert (now(cloud, guest.id).public_ip, now(cloud, guest.id).bandwidth_out) == (held.ip, 9)
    assert translated(cloud, ident)
    elastic.unbind(cloud, REGION, ident, reallocate=False, asker=ASKER)
    work(cloud)
    left = known(cloud, ident)
    assert (left.status, left.instance_id, now(cloud, guest.id).public_ip) == (AddressStatus.UNBIND, "", None)
    assert not translated(cloud, ident)


@pytest.mark.parametrize(
    "step", ["bind-address.accepted", "bind-address.give", "bind-address.firewall", "bind-address.settle"]
)
def test_a_daemon_that_dies_while_it_binds(cloud: Cloud, guest: Instance, step: str) -> None:
    _dies_at(cloud, step)
    ident = free(cloud)
    with pytest.raises(Died):
        bind(cloud, ident, guest)
        work(cloud)
    assert known(cloud, ident).status is AddressStatus.BINDING
    work(cloud)
    held = known(cloud, ident)
    assert (held.status, now(cloud, guest.id).public_ip) == (AddressStatus.BIND, held.ip)
    assert translated(cloud, ident)


@pytest.mark.parametrize("reallocate", [False, True])
@pytest.mark.parametrize("step", ["take", "firewall", "settle"])
def test_a_daemon_that_dies_while_it_unbinds(cloud: Cloud, guest: Instance, step: str, reallocate: bool) -> None:
    ident = bound(cloud, guest)
    _dies_at(cloud, f"unbind-address.{step}")
    elastic.unbind(cloud, REGION, ident, reallocate=reallocate, asker=ASKER)
    with pytest.raises(Died):
        work(cloud)
    assert known(cloud, ident).status is AddressStatus.UNBINDING
    work(cloud)
    assert (known(cloud, ident).status, known(cloud, ident).instance_id) == (AddressStatus.UNBIND, "")
    assert (now(cloud, guest.id).public_ip is not None) == reallocate
    assert not translated(cloud, ident)


def _dies_at(cloud: Cloud, wanted: str) -> None:
    """Once."""

    def reached(name: str) -> None:
        if name == wanted:
            cloud.reached = lambda _: None
            raise Died(name)

    cloud.reached = reached


def test_what_cannot_be_bound_is_free_again(cloud: Cloud, guest: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    ident = free(cloud)
    number = bind(cloud, ident, guest)

    def fails(_cloud: Cloud) -> None:
        raise HostError("nft failed")

    with monkeypatch.context() as patched:
        patched.setattr(firewall, "apply", fails)
        work(cloud)
    assert elastic.task(cloud, number) is OperationState.FAILED
    assert (known(cloud, ident).status, now(cloud, guest.id).public_ip) == (AddressStatus.UNBIND, None)


def test_it_outlives_its_instance(cloud: Cloud, guest: Instance) -> None:
    ident = bound(cloud, guest)
    (record,) = submit(cloud, Verb.TERMINATE, guest.id)
    perform(cloud, record.id)
    assert (known(cloud, ident).status, known(cloud, ident).instance_id) == (AddressStatus.UNBIND, "")
    assert not translated(cloud, ident)


def test_an_instance_that_goes_while_it_is_bound(cloud: Cloud, guest: Instance) -> None:
    """The job finds nobody to bind it to, and takes it from nobody it was bound to since."""
    ident = free(cloud)
    bind(cloud, ident, guest)
    removal.remove(cloud, guest)
    other = launched(cloud, InstanceState.STOPPED)
    late, _ = _unsettled(cloud)
    with cloud.store.writing() as connection:
        jobs.change(connection, late, state=OperationState.FAILED)
    bind(cloud, ident, other)
    work(cloud)
    with cloud.store.writing() as connection:
        jobs.change(connection, late, state=OperationState.OPERATING)
    work(cloud)
    assert (known(cloud, ident).status, known(cloud, ident).instance_id) == (AddressStatus.BIND, other.id)
    assert (now(cloud, guest.id).public_ip, now(cloud, other.id).public_ip) == (None, known(cloud, ident).ip)


def _unsettled(cloud: Cloud) -> tuple[str, int]:
    with cloud.store.reading() as connection:
        (record,) = jobs.unsettled(connection)
        return record.id, jobs.number_of(connection, record.id)


def test_a_stop_without_charge_keeps_it(cloud: Cloud, guest: Instance) -> None:
    """And it is the ordinary address alone that a start gives back."""
    ident = bound(cloud, guest)
    put(cloud, guest.id, state=InstanceState.RUNNING)
    (record,) = submit(cloud, Verb.STOP, guest.id, arguments={"stop_type": "HARD", "stopped_mode": "STOP_CHARGING"})
    perform(cloud, record.id)
    stopped = now(cloud, guest.id)
    assert (stopped.stop_charging, stopped.public_ip) == (True, known(cloud, ident).ip)
    (record,) = submit(cloud, Verb.START, guest.id)
    perform(cloud, record.id)
    failed = now(cloud, guest.id)
    assert failed.latest.state is OperationState.FAILED, "there is no network on this libvirt"
    assert failed.public_ip == known(cloud, ident).ip
