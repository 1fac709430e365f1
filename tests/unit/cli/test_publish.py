from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from lab.brokered import brokered

from vmsim.cloud.context import Cloud
from vmsim.store import instances

from .conftest import Vmsim


@pytest.fixture
def guest(cloud: Cloud, web: str) -> Iterator[socket.socket]:
    """What web-1 serves: its address is this machine's loopback, where the test listens."""
    with cloud.store.writing() as connection:
        instances.change(connection, web, private_ip="127.0.0.1")
    with brokered(cloud.home.runtime), socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(guest: socket.socket) -> str:
    return str(guest.getsockname()[1])


def test_a_port_leads_to_the_guest(vmsim: Vmsim, web: str, guest: socket.socket) -> None:
    made = vmsim("publish", "web-1", port_of(guest), "--output", "json").json()["publication"]
    with socket.create_connection(("127.0.0.1", made["local_port"])) as caller, guest.accept()[0] as inside:
        inside.sendall(b"page")
        assert caller.recv(10) == b"page"
    shown = f"127.0.0.1:{made['local_port']}"
    assert vmsim("publish", "web-1", port_of(guest)).out == f"{shown} leads to port {made['port']} of web-1 ({web}).\n"
    assert shown in vmsim("publish", "--list").out and shown in vmsim("publish", "--list", "web-1").out
    assert f"{shown} leads to port" in vmsim("show", "web-1").out
    (item,) = vmsim("list", "--output", "json").json()["instances"]
    assert item["publications"] == [made]
    assert (
        vmsim("unpublish", "web-1", port_of(guest)).out == f"{shown} leads to port {made['port']} of {web} no longer.\n"
    )
    assert "No port is published" in vmsim("publish", "--list").err
    assert vmsim("unpublish", "web-1").code == 1


def test_another_address_only_when_it_is_written_out_and_with_a_warning(
    vmsim: Vmsim, web: str, guest: socket.socket
) -> None:
    ran = vmsim("publish", "web-1", "80", "--on", "0.0.0.0:0")
    assert ran.code == 2 and "'0' is not a port" in ran.err
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    ran = vmsim("publish", "web-1", "80", "--on", f"127.0.0.2:{number}")
    assert ran.code == 0 and "Warning" not in ran.err
    ran = vmsim("publish", "web-1", "80", "--on", "192.0.2.1:8080")
    assert ran.code == 1
    assert "Warning: whoever reaches 192.0.2.1" in ran.err and "no address of this workstation" in ran.err
    assert vmsim("unpublish", "--on", f"127.0.0.2:{number}").code == 0


def test_a_port_in_use_names_its_holder(vmsim: Vmsim, web: str, guest: socket.socket) -> None:
    ran = vmsim("publish", "web-1", "80", "--on", port_of(guest))
    assert ran.code == 1 and "is held by process" in ran.err and "--on" in ran.err


def test_what_is_no_port_says_how_it_is_written(vmsim: Vmsim, web: str) -> None:
    for word in ("8080:80", "http", "0", "65536"):
        ran = vmsim("publish", "web-1", word)
        assert ran.code == 2 and f"'{word}' is no port of the guest" in ran.err and "--on" in ran.err
    assert f"There is no published port 81 of {web}." in vmsim("unpublish", "web-1", "81").err


def test_wrong_use(vmsim: Vmsim, web: str) -> None:
    assert vmsim("publish").code == vmsim("publish", "web-1").code == vmsim("unpublish").code == 2
