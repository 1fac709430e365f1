"""The lab on this machine: up and down, what survives, what is left over. As root, and as an ordinary user."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stub_lab import STUB_DAEMON
from vmsim.config import DEFAULT_PORT
from vmsim.host import command
from vmsim.lab import identity
from vmsim.lab.home import reset
from vmsim.lab.lab import Lab
from vmsim.model.errors import HostError, InUse, LabNotRunning, UsageError

from .host_view import all_namespaces, host_view, pinned_namespaces

pytestmark = pytest.mark.tools

NETWORK = """<network><name>n</name><forward mode='open'/><bridge name='vmsimtest0' stp='off' delay='0'/>
<ip address='10.5.0.1' netmask='255.255.255.0'><dhcp><range start='10.5.0.10' end='10.5.0.20'/></dhcp></ip></network>"""

# A machine without a disk: its BIOS finds nothing to boot, which takes no processor time.
DOMAIN = """<domain type='qemu'><name>empty</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><interface type='network'><source network='n'/><model type='virtio'/></interface></devices></domain>"""


_SCRIPT = """
import os, signal, sys
from pathlib import Path
from stub_lab import SETTINGS, STUB_DAEMON
from vmsim.config import Home
from vmsim.lab.lab import Lab
status = Lab(Home(Path(sys.argv[1])), SETTINGS, STUB_DAEMON).up()
"""


def ask(lab: Lab) -> dict[str, Any]:
    """What the stub says of itself, over the API socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(lab.home.api_socket))
        client.sendall(b"GET /v1/status HTTP/1.1\r\n\r\n")
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return dict(json.loads(answer.read()))


def replaced(lab: Lab, child: str, before: int) -> bool:
    return lab.pid_of(child) not in (0, before)


def answers_anew(lab: Lab, before: int) -> bool:
    return bool(ask(lab)["pid"] != before)


def until(condition: Callable[[], object], limit: float = 10.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.01)


def test_up_is_quick_and_idempotent(new: Callable[..., Lab]) -> None:
    lab = new()
    begun = time.monotonic()
    first = lab.up()
    assert time.monotonic() - begun < 2.0
    assert first.running and first.port > 0
    assert lab.up() == first == lab.status()
    assert ask(lab)["boot"] == first.boot_id
    assert lab.home.api_socket.stat().st_mode & 0o777 == 0o600
    assert lab.home.runtime.stat().st_mode & 0o777 == 0o700


def test_the_tcp_port_is_served_from_inside(new: Callable[..., Lab]) -> None:
    lab = new()
    connection = http.client.HTTPConnection("127.0.0.1", lab.up().port, timeout=10)
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read())["boot"] == lab.status().boot_id
    connection.close()


def test_nothing_is_left_and_the_host_is_untouched(new: Callable[..., Lab]) -> None:
    before = host_view()
    lab = new()
    with pinned_namespaces(lab.up().pid) as spaces:
        used_and_down(lab, before)
        assert not spaces & all_namespaces()
    assert len(spaces) >= 5
    assert not lab.home.runtime.exists()
    assert not lab.status().running
    assert host_view() == before


def used_and_down(lab: Lab, before: dict[str, str]) -> None:
    """A network and a table in the lab, which the host does not see; when it is down its processes are gone."""
    network = lab.home.root / "network.xml"
    network.write_text(NETWORK)
    until(lambda: command.run(lab.enter(["virsh", "net-create", str(network)]), check=False).returncode == 0)
    assert "vmsimtest0" in command.run(lab.enter(["ip", "-o", "link"])).stdout
    command.run(lab.enter(["nft", "add", "table", "inet", "vmsimtest"]))
    assert host_view() == before
    inside = lab.processes()
    assert len(inside) > 3
    lab.down()
    assert not [each for each in inside if identity.started(each)]


@pytest.mark.guest
def test_guests_outlive_daemon_and_libvirtd_and_end_with_the_lab(new: Callable[..., Lab]) -> None:
    lab = new()
    lab.up()

    def virsh(*words: str, check: bool = True) -> str:
        return command.run(lab.enter(["virsh", *words]), check=check).stdout

    (lab.home.root / "network.xml").write_text(NETWORK)
    (lab.home.root / "domain.xml").write_text(DOMAIN)
    until(lambda: virsh("list", check=False))
    virsh("net-create", str(lab.home.root / "network.xml"))
    virsh("create", str(lab.home.root / "domain.xml"))
    guests = [pid for pid in lab.processes() if "qemu-system" in Path(f"/proc/{pid}/comm").read_text()]
    assert len(guests) == 1
    for child in ("daemon", "libvirtd"):
        before = lab.pid_of(child)
        os.kill(before, signal.SIGKILL)
        until(partial(replaced, lab, child, before))
    until(lambda: "empty" in virsh("list", "--name", check=False))
    assert identity.started(guests[0])
    lab.down()
    assert not identity.started(guests[0])


def test_two_homes_do_not_meet(new: Callable[..., Lab]) -> None:
    one, two = new("one"), new("two")
    assert one.up().port != two.up().port
    assert ask(one)["boot"] != ask(two)["boot"]
    assert not set(one.processes()) & set(two.processes())
    one.down()
    assert ask(two)["boot"] == two.status().boot_id


def test_of_two_concurrent_ups_one_starts_it(new: Callable[..., Lab], tmp_path: Path) -> None:
    new()
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parent, here.parent.parent)))
    started = [
        command.start(
            [sys.executable, "-c", _SCRIPT + "print(status.pid)", str(tmp_path / "home")],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": path},
        )
        for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert len(said) == 1 and int(said.pop()) > 0


def test_a_killed_daemon_is_back_within_a_second_on_the_same_sockets(new: Callable[..., Lab]) -> None:
    lab = new()
    status = lab.up()
    socket_before = lab.home.api_socket.stat().st_ino
    for _ in range(2):
        until(lambda: lab.pid_of("daemon"))
        before = ask(lab)
        begun = time.monotonic()
        os.kill(lab.pid_of("daemon"), signal.SIGKILL)
        until(lambda: lab.pid_of("daemon") == 0)
        after = ask(lab)  # asked while it is dead: the request waits in the queue and is answered by the next one
        assert time.monotonic() - begun < 1.0
        assert after["pid"] != before["pid"]
    assert lab.status() == status
    assert lab.home.api_socket.stat().st_ino == socket_before


def test_a_successor_is_loaded_ahead(new: Callable[..., Lab]) -> None:
    lab = new()
    lab.up()
    until(lambda: waiting_at_the_gate(lab))
    (reserve,) = waiting_at_the_gate(lab)
    os.kill(lab.pid_of("daemon"), signal.SIGKILL)
    until(lambda: str(ask(lab)["pid"]) == reserve)


def waiting_at_the_gate(lab: Lab) -> set[str]:
    """The pids inside of the lab's standby processes, but for the one that serves."""
    found = command.run(lab.enter(["pgrep", "-f", "vmsim.lab.standby"])).stdout.split()
    return set(found) - {str(ask(lab)["pid"])}


def test_a_killed_libvirtd_is_started_again(new: Callable[..., Lab]) -> None:
    lab = new()
    lab.up()
    until(lambda: lab.pid_of("libvirtd"))
    before = lab.pid_of("libvirtd")
    os.kill(before, signal.SIGKILL)
    until(lambda: lab.pid_of("libvirtd") not in (0, before), limit=2.0)
    until(lambda: command.run(lab.enter(["virsh", "list"]), check=False).returncode == 0)


def test_up_after_a_power_cut(new: Callable[..., Lab]) -> None:
    lab = new()
    first = lab.up()
    inside = lab.processes()
    lab.kill()
    assert not [each for each in inside if identity.started(each)]
    assert lab.home.lab_file.exists() and lab.home.api_socket.exists()
    assert not lab.status().running
    second = lab.up()
    assert second.running and second.boot_id != first.boot_id


def test_a_recycled_pid_is_not_trusted(new: Callable[..., Lab]) -> None:
    lab = new()
    lab.up()
    record = identity.load(lab.home.lab_file)
    assert record is not None
    lab.kill()
    replace(record, pid=os.getpid()).save(lab.home.lab_file)
    assert not lab.status().running
    lab.home.lab_file.write_text("{torn")
    assert not lab.status().running
    with pytest.raises(LabNotRunning):
        lab.enter(["true"])


def test_a_daemon_that_keeps_ending_is_an_error_with_its_last_words(new: Callable[..., Lab]) -> None:
    lab = new("home", *STUB_DAEMON, "--broken")
    with pytest.raises(HostError, match="broken on purpose"):
        lab.up()
    lab.down()
    assert not lab.status().running


def test_down_pulls_the_plug_on_a_daemon_that_does_not_end(
    new: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = new("home", *STUB_DAEMON, "--deaf")
    lab.up()
    monkeypatch.setattr("vmsim.lab.lab.DOWN_GRACE", 0.0)
    monkeypatch.setattr("vmsim.lab.lab.LIBVIRTD_GRACE", 0.0)
    said: list[str] = []
    begun = time.monotonic()
    lab.down(said.append, limit=1.0)
    assert time.monotonic() - begun < 5.0
    assert "pulling the plug" in said
    assert not lab.status().running


def test_the_lab_outlives_what_started_it(new: Callable[..., Lab], tmp_path: Path) -> None:
    lab = new()
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parent, here.parent.parent)))
    script = _SCRIPT + "os.killpg(0, signal.SIGKILL)"
    process = command.start(
        [sys.executable, "-c", script, str(tmp_path / "home")], env={"PYTHONPATH": path}, stdin=None
    )
    assert process.wait(timeout=30) == -signal.SIGKILL
    status = lab.status()
    assert status.running and ask(lab)["boot"] == status.boot_id
    assert os.getsid(status.pid) not in (os.getsid(0), process.pid)


def test_serve_goes_down_on_sigterm(new: Callable[..., Lab]) -> None:
    lab = new()
    said: list[str] = []

    def once_up(line: str) -> None:
        said.append(line)
        if line.startswith("serving"):
            os.kill(os.getpid(), signal.SIGTERM)

    lab.serve(once_up)
    assert not lab.status().running
    assert not lab.home.runtime.exists()


def test_the_default_port_of_another_home_is_passed_over_and_the_next_remembered(new: Callable[..., Lab]) -> None:
    one, two = new("one", port=DEFAULT_PORT), new("two", port=DEFAULT_PORT)
    first, second = one.up().port, two.up().port
    assert min(first, second) >= DEFAULT_PORT and second != first
    one.down()
    two.down()
    assert two.up().port == second


def test_a_strangers_port_is_an_error_that_names_it(new: Callable[..., Lab]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(HostError, match=f"Port {port} is held by process {os.getpid()} "):
            new(port=port).up()


def test_a_folder_of_somebody_is_not_made_a_home(new: Callable[..., Lab], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        new().up()
    with pytest.raises(UsageError):
        reset(new())
    assert (tmp_path / "home" / "thesis.tex").exists()


def test_reset_removes_a_home_that_does_not_run(new: Callable[..., Lab]) -> None:
    lab = new()
    lab.up()
    with pytest.raises(InUse):
        reset(lab)
    reset(lab, down=True)
    assert not lab.home.root.exists()
    reset(lab)


def test_logs_are_bounded(new: Callable[..., Lab]) -> None:
    lab = new(log_bytes=200)
    lab.up()
    for _ in range(5):
        before = ask(lab)["pid"]
        os.kill(lab.pid_of("daemon"), signal.SIGKILL)
        until(partial(answers_anew, lab, before))
    until(lambda: (lab.home.logs / "init.log.1").exists())
    assert set(lab.logs()) == {"broker", "daemon", "init", "libvirtd"}
    assert all(path.stat().st_size <= 200 for path in lab.home.logs.iterdir() if path.stem != "libvirtd")


if os.geteuid() == 0:  # an ordinary user already is one

    def test_all_of_this_as_an_ordinary_user(ordinary_user: str) -> None:
        here = Path(__file__)
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--basetemp",
            f"/home/{ordinary_user}/t",
            str(here),
            str(here.with_name("test_lab_record.py")),
        ]
        home = f"HOME=/home/{ordinary_user}"
        environment = ["env", "-u", "XDG_RUNTIME_DIR", home, "PYTHONDONTWRITEBYTECODE=1"]
        done = command.run(
            ["runuser", "-u", ordinary_user, "--", *environment, *words], cwd=here.parents[2], check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert " passed" in done.stdout and "failed" not in done.stdout
