"""Ports of the workstation that lead to real guests: a page is fetched, and everything on the way is killed once."""

from __future__ import annotations

import http.client
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from vmsim.lab import outside
from vmsim.lab.broker import LOCK

from .homes import RunningHome, View, until

pytestmark = pytest.mark.guest

HERE = "127.0.0.1"
PAGE = "a page of a real guest\n" * 10_000
SERVE = "mkdir -p /var/page && cd /var/page && yes 'a page of a real guest' | head -n 10000 >index.html && sync"
HTTPD = "busybox httpd -p 80 -h /var/page"


@pytest.fixture(scope="module")
def web(cloud: RunningHome) -> View:
    """A guest that serves a page on port 80."""
    (made,) = cloud.launch("web")
    cloud.inside(made["id"], f"{SERVE} && {HTTPD}")
    return made


@pytest.fixture(scope="module")
def port(cloud: RunningHome, web: View) -> int:
    return publish(cloud, web["id"], 80)


def publish(cloud: RunningHome, ident: str, port: int) -> int:
    made = cloud.client.post("/v1/publications", {"instance": ident, "port": port})["publication"]
    assert made["error"] == ""
    return int(made["local_port"])


def page(port: int) -> str:
    connection = http.client.HTTPConnection(HERE, port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def is_served(port: int) -> bool:
    try:
        return page(port) == PAGE
    except (OSError, http.client.HTTPException):
        return False


def hangs_up(port: int) -> bool:
    """At once, and without a word."""
    with socket.create_connection((HERE, port), timeout=5) as caller:
        try:
            return caller.recv(1) == b""
        except ConnectionResetError:
            return True


def greeting(caller: socket.socket) -> bytes:
    """What an SSH server says first; then it waits for ours."""
    return caller.recv(8)


def to_the_end(caller: socket.socket) -> bool:
    """Read on until it is closed, or broken."""
    try:
        while caller.recv(4096):
            pass
    except ConnectionResetError:
        return True
    return True


def broker(cloud: RunningHome) -> psutil.Process:
    return psutil.Process(int((cloud.home.runtime / LOCK).read_text()))


def test_a_page_of_a_guest(cloud: RunningHome, port: int) -> None:
    assert page(port) == PAGE


def test_while_it_is_off_callers_are_hung_up_on_and_after_a_start_it_is_there_again(
    cloud: RunningHome, web: View, port: int
) -> None:
    with socket.create_connection((HERE, publish(cloud, web["id"], 22)), timeout=60) as caller:
        assert greeting(caller) == b"SSH-2.0-"
        cloud.do(web["id"], "stop", stop_type="HARD")
        assert hangs_up(port)
        assert to_the_end(caller), "a guest without power says no goodbye; its connections end all the same"
    cloud.do(web["id"], "start")
    cloud.wait_up(web["id"])
    cloud.inside(web["id"], HTTPD)
    assert page(port) == PAGE


def test_connections_go_on_over_the_daemons_death(cloud: RunningHome, web: View, port: int) -> None:
    with socket.create_connection((HERE, publish(cloud, web["id"], 22)), timeout=10) as caller:
        assert greeting(caller) == b"SSH-2.0-"
        os.kill(cloud.lab.pid_of("daemon"), signal.SIGKILL)
        caller.sendall(b"SSH-2.0-test\r\n")
        assert b"curve25519" in caller.recv(4096), "the server's algorithms"
        assert page(port) == PAGE, "a new one waits for the next daemon"
    os.kill(cloud.lab.pid_of("libvirtd"), signal.SIGKILL)
    assert page(port) == PAGE


def test_a_killed_broker_is_started_again_and_told(cloud: RunningHome, port: int) -> None:
    before = broker(cloud)
    before.kill()
    until(lambda: not outside.listens(cloud.home))
    cloud.lab.ensure_broker()
    until(lambda: is_served(port))
    assert broker(cloud).pid != before.pid
    cloud.lab.ensure_broker()
    assert broker(cloud).pid == until(lambda: outside.status(cloud.home)["pid"])


def test_it_is_recorded_over_a_new_lab_and_goes_with_the_instance(cloud: RunningHome, web: View, port: int) -> None:
    runtime, outer = cloud.home.runtime, broker(cloud)
    cloud.lab.down()
    assert not runtime.exists() and not (outer.is_running() and outer.status() != psutil.STATUS_ZOMBIE)
    with socket.create_server((HERE, port)) as stranger:
        cloud.lab.up()
        until(lambda: "held by process" in listed(cloud, port)["error"])
        stranger.close()
    until(lambda: listed(cloud, port)["error"] == "")
    assert hangs_up(port)
    cloud.do(web["id"], "start")
    cloud.wait_up(web["id"])
    cloud.inside(web["id"], HTTPD)
    assert page(port) == PAGE
    cloud.do(web["id"], "terminate")
    assert cloud.client.get("/v1/publications")["publications"] == []
    with pytest.raises(ConnectionRefusedError):
        hangs_up(port)


def listed(cloud: RunningHome, port: int) -> View:
    found: list[View] = cloud.client.get("/v1/publications")["publications"]
    return next(each for each in found if each["local_port"] == port)


def test_only_the_loopback_listens(cloud: RunningHome) -> None:
    (made,) = cloud.launch("other", wait=False)
    number = publish(cloud, made["id"], 80)
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [row[1].partition(":")[0] for row in rows if row[1].endswith(f":{number:04X}") and row[3] == "0A"] == [
        "0100007F"
    ]
