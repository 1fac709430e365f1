from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.brokered import brokered

from cloud_fixture import launched
from vmsim.cloud import doors, publications
from vmsim.cloud.context import Cloud
from vmsim.model.errors import HostError, InUse, NotFound, Refused
from vmsim.model.lifecycle import InstanceState
from vmsim.store import instances

HERE = "127.0.0.1"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="vmsim-test-", dir="/tmp"))
    monkeypatch.setenv("VMSIM_RUNTIME", str(made))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def broker(runtime: Path) -> Iterator[None]:
    with brokered(runtime):
        yield


def free_port() -> int:
    with socket.create_server((HERE, 0)) as made:
        number: int = made.getsockname()[1]
    return number


def is_open(port: int) -> bool:
    try:
        socket.create_connection((HERE, port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_the_same_number_where_it_is_free(cloud: Cloud, broker: None) -> None:
    port = free_port()
    made = publications.publish(cloud, launched(cloud).id, port, None)
    assert (made.address, made.local_port, made.error) == (HERE, port, "") and is_open(port)


def test_any_other_where_it_is_taken_or_roots(cloud: Cloud, broker: None) -> None:
    instance = launched(cloud).id
    with socket.create_server((HERE, 0)) as stranger:
        taken = stranger.getsockname()[1]
        assert publications.publish(cloud, instance, taken, None).local_port not in (0, taken)
    assert publications.publish(cloud, instance, 80, None).local_port >= 1024


def test_twice_is_once(cloud: Cloud, broker: None) -> None:
    instance = launched(cloud).id
    first = publications.publish(cloud, instance, 80, None)
    assert publications.publish(cloud, instance, 80, None) == first
    assert publications.publish(cloud, instance, 80, (HERE, first.local_port)) == first
    assert doors.listing(cloud) == [first]


def test_a_named_place_is_taken_or_refused(cloud: Cloud, broker: None) -> None:
    one, two = launched(cloud).id, launched(cloud).id
    port = free_port()
    publications.publish(cloud, one, 80, (HERE, port))
    with pytest.raises(InUse, match=f"leads to port 80 of {one} already"):
        publications.publish(cloud, two, 80, (HERE, port))
    with pytest.raises(InUse, match="already"):
        publications.publish(cloud, one, 81, (HERE, port))
    with socket.create_server((HERE, 0)) as stranger, pytest.raises(InUse, match="held by process"):
        publications.publish(cloud, one, 81, (HERE, stranger.getsockname()[1]))
    assert [each.local_port for each in doors.listing(cloud)] == [port]


def test_it_is_withdrawn_by_instance_port_or_place(cloud: Cloud, broker: None) -> None:
    one, two = launched(cloud).id, launched(cloud).id
    made = [publications.publish(cloud, one, port, None) for port in (80, 81, 82)]
    other = publications.publish(cloud, two, 80, None)
    (gone,) = publications.withdraw(cloud, one, 80)
    assert gone.local_port == made[0].local_port and not is_open(gone.local_port)
    publications.withdraw(cloud, on=(HERE, made[1].local_port))
    assert [each.port for each in doors.listing(cloud, one)] == [82]
    publications.withdraw(cloud, one)
    assert doors.listing(cloud) == [other] and is_open(other.local_port)
    with pytest.raises(NotFound):
        publications.withdraw(cloud, one)


def test_a_broker_that_knows_nothing_is_told(cloud: Cloud, runtime: Path) -> None:
    with brokered(runtime):
        made = publications.publish(cloud, launched(cloud).id, 80, None)
    with pytest.raises(HostError):
        doors.reconcile(cloud)
    assert "away" in doors.listing(cloud)[0].error
    with brokered(runtime):
        doors.reconcile(cloud)
        assert doors.listing(cloud) == [made] and is_open(made.local_port)


def test_without_publications_nobody_misses_the_broker(cloud: Cloud, runtime: Path) -> None:
    doors.reconcile(cloud)
    with pytest.raises(HostError):
        publications.publish(cloud, launched(cloud).id, 80, None)
    assert doors.listing(cloud) == []


def test_it_goes_with_its_instance_also_while_the_broker_is_away(cloud: Cloud, runtime: Path) -> None:
    instance = launched(cloud).id
    with brokered(runtime):
        publications.publish(cloud, instance, 80, None)
    doors.forget(cloud, instance)
    assert doors.listing(cloud) == []


def test_nothing_leads_to_an_instance_that_is_going(cloud: Cloud, broker: None) -> None:
    """It would stand there for ever, leading to nobody."""
    instance = launched(cloud, InstanceState.TERMINATING).id
    with pytest.raises(Refused, match="is being terminated"):
        publications.publish(cloud, instance, 80, None)
    assert doors.listing(cloud) == []


def test_the_last_of_an_instance_takes_its_ports_along(cloud: Cloud, broker: None) -> None:
    instance = launched(cloud).id
    made = publications.publish(cloud, instance, 80, None)
    with cloud.store.writing() as connection:
        instances.remove(connection, instance)
    doors.reconcile(cloud)
    assert doors.listing(cloud) == [] and not is_open(made.local_port)
