"""The floor: a script that knows libvirt and does only what must be done. It runs as the daemon of a lab of its own.

Same image, same clone, same hardware, same way of editing the disk; no records, no journal, no reports. Its network and
its lease are there beforehand, its clone is not synced to the disk, and it trusts that nothing fails. It waits by
libvirt's events and by the end of QEMU's process, and asks for the SSH banner without pause. The network is named by
the one argument: "open" (the default) as vmsim's own are, or libvirt's "default".

POST /launch, /stop, /edit, /start, /remove or /banner on the lab's API socket; each answers {"seconds": …} when done.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

import libvirt

from vmsim import config
from vmsim.host import accelerator, command, process, serial, ssh
from vmsim.host.domain_xml import DiskSpec, DomainSpec, InterfaceSpec, domain_xml
from vmsim.host.guest_disk import child
from vmsim.host.guest_disk.edits import OWN_MACHINE_ID, Edits, HostKey

NAME = "bare"
UUID = "6d736d76-0000-4000-8000-000000000001"
MAC = "52:54:00:00:00:10"
MEMORY_MIB = 128
SETTLE = 1.0
LIMIT = 120.0
HASH = "$6$benchmark$qPPhO0qCXtX7jIHRE2EAAcbPWyRzIzEWGq0NlbqXqQ1XTZ1dMqzSbD4lYLOe8Cz4rYgTMSEzYhKPDDbWmmoGU0"
_STOPPED = 5  # VIR_DOMAIN_EVENT_STOPPED


class Net(NamedTuple):
    """The network there is, and what the guest's address in it will be."""

    name: str
    address: str
    xml: str


def _net(name: str, prefix: str, head: str, leases: str = "") -> Net:
    address = f"{prefix}.10"
    dhcp = f"<dhcp>{leases}<host mac='{MAC}' ip='{address}'/></dhcp>"
    ip = f"<ip address='{prefix}.1' netmask='255.255.255.0'>{dhcp}</ip>"
    return Net(name, address, f"<network><name>{name}</name><uuid>{UUID}</uuid>{head}{ip}</network>")


NETS = {
    "open": _net(NAME, "10.99.0", "<forward mode='open'/><bridge name='bare0' stp='off' delay='0'/>"),
    # As libvirt's package has it, and a lease for the one guest.
    "default": _net(
        "default",
        "192.168.122",
        "<forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/>",
        "<range start='192.168.122.2' end='192.168.122.254'/>",
    ),
}


class Bare:
    """One domain at a time, gone again before the next."""

    def __init__(self, home: config.Home, net: Net) -> None:
        self._home = home
        self._net = net
        self._folder = home.instance(NAME)
        self._disk = self._folder / "disk.qcow2"
        self._key = ""
        self._stopped: queue.SimpleQueue[None] = queue.SimpleQueue()
        accel = config.settings(home).accel
        self._verdict = accelerator.probe(config.cache(), accel, image=config.cache() / "images" / "tiny.qcow2")
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_events, daemon=True).start()
        self._libvirt = _connected()
        self._libvirt.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._hear, None)
        network = self._libvirt.networkDefineXMLFlags(net.xml, 0)
        if not network.isActive():
            network.create()

    def _hear(self, _connection: object, _domain: object, event: int, _detail: int, _opaque: object) -> None:
        if event == _STOPPED:
            self._stopped.put(None)

    def launch(self) -> float:
        begun = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        base = self._home.images / "tiny.qcow2"
        command.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", self._disk, str(2**30)])
        key = ssh.generate_key()
        edits = Edits(host_name=NAME, machine_id=OWN_MACHINE_ID, host_key=HostKey(key.private, key.public))
        child.edit(self._disk, edits, verify=False, kvm=False)
        self._key = key.public
        self._libvirt.defineXMLFlags(domain_xml(self._spec()), 0)
        return self._started(begun)

    def start(self) -> float:
        return self._started(time.monotonic())

    def _started(self, begun: float) -> float:
        log = self._home.serial_log(NAME)
        serial.mark(log, "start")
        self._libvirt.lookupByUUIDString(UUID).createWithFlags(0)
        self.banner()
        took = time.monotonic() - begun
        serial.wait_for(log, "VMSIM-READY", time.monotonic() + LIMIT)
        time.sleep(SETTLE)
        return took

    def banner(self) -> float:
        """Wait until SSH answers at the one address; for contestants who cannot see it from outside, too."""
        begun = time.monotonic()
        while ssh.banner(self._net.address, timeout=0.5) is None:
            if time.monotonic() > begun + LIMIT:
                raise TimeoutError("no SSH banner")
        return time.monotonic() - begun

    def stop(self) -> float:
        while not self._stopped.empty():
            self._stopped.get()
        begun = time.monotonic()
        qemu = process.hold(NAME)
        if qemu is None:
            raise ProcessLookupError(NAME)
        with qemu:
            self._libvirt.lookupByUUIDString(UUID).shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            self._stopped.get(timeout=LIMIT)
            if not qemu.wait_gone(time.monotonic() + LIMIT):
                raise TimeoutError("QEMU does not end")
        return time.monotonic() - begun

    def edit(self) -> float:
        begun = time.monotonic()
        edits = Edits(password=("root", HASH), authorized_keys=("root", (self._key,)), password_login=False)
        child.edit(self._disk, edits, verify=False, kvm=False)
        return time.monotonic() - begun

    def remove(self) -> float:
        begun = time.monotonic()
        for domain in self._libvirt.listAllDomains():
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(0)
        for path in self._folder.glob("*"):
            path.unlink()
        return time.monotonic() - begun

    def _spec(self) -> DomainSpec:
        return DomainSpec(
            instance_id=NAME,
            uuid=UUID,
            cpus=1,
            memory_mib=MEMORY_MIB,
            disks=(DiskSpec(self._disk, "disk", "vda"),),
            interfaces=(InterfaceSpec(MAC, self._net.name),),
            serial_log=self._home.serial_log(NAME),
            serial_socket=self._home.serial_socket(NAME),
            display_socket=self._home.runtime / f"{NAME}.vnc",
            accelerator="kvm" if self._verdict.accelerator == "kvm" else "tcg",
            cpu_mode=self._verdict.cpu_mode,
        )


def _connected() -> libvirt.virConnect:
    """libvirtd is started beside us: it may take a moment."""
    until = time.monotonic() + 20.0
    while True:
        try:
            return libvirt.open("qemu:///system")
        except libvirt.libvirtError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def handler(bare: Bare) -> type[BaseHTTPRequestHandler]:
    """GET is the lab's question whether we are there; POST does the work."""
    doing: dict[str, Callable[[], float]] = {
        f"/{one.__name__}": one for one in (bare.launch, bare.banner, bare.stop, bare.edit, bare.start, bare.remove)
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer({"seconds": doing[self.path]()})

        def _answer(self, said: dict[str, float]) -> None:
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Not of interest."""

        def address_string(self) -> str:
            return "bench"

    return Handler


def main() -> None:
    # The lab starts its daemon with this one blocked, and what we start would inherit that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    listening = socket.socket(fileno=json.loads(os.environ["VMSIM_SOCKETS"])["api"])
    answering = handler(Bare(config.home(), NETS[sys.argv[1] if len(sys.argv) > 1 else "open"]))
    while True:
        client, address = listening.accept()
        with client, contextlib.suppress(ConnectionError):  # who asks whether we are there may not wait
            answering(client, address or ("", 0), None)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
