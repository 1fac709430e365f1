"""PID 1 of the lab.

    Lab.up ──socket──▶ this process ──fork──▶ PID 1: mounts, then  ├─ libvirtd  (started again when it dies)
      maps ids, writes     unshares,                               ├─ daemon    (started again when it dies)
      lab.json, says go    says the pid, ends                      └─ QEMU, dnsmasq, … (adopted, reaped)

It holds the listening sockets, so that a client of a dead daemon waits for the next one instead of being refused. Its
death ends every process of the lab at once: it is the plug, and therefore does nothing that is not in this file.
SIGTERM is the orderly way down: the daemon gets its time to shut the guests down, then libvirtd, then all is over.

If whoever starts it dies before it said "go", the socket closes and nothing is left. Errors before that go over the
socket, later ones into init.log.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from vmsim.host import command
from vmsim.lab import accounts, mounts, namespaces, private_libvirt
from vmsim.lab.children import Child, Reserved
from vmsim.lab.logs import BoundedLog, bound
from vmsim.lab.plan import Plan
from vmsim.model.errors import VmsimError
from vmsim.model.network import METADATA

METADATA_SOCKETS = {f"metadata-{number}": str(address) for number, address in enumerate(METADATA)}
_IP_FREEBIND = 15
DOWN_GRACE = 15.0
LIBVIRTD_GRACE = 5.0
GUEST_LOGS_EVERY = 60.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
# What belongs to the session the lab was started from, and does not exist in here.
_SESSION = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID")


class Init:
    """The loop: children, their output, signals; nothing else."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        logs = Path(plan.logs)
        environment = {
            "VMSIM_HOME": plan.home,
            "VMSIM_RUNTIME": plan.runtime,
            "VMSIM_LAB_BOOT": plan.boot,
            "VMSIM_SOCKETS": json.dumps(plan.sockets),
            "VMSIM_CONNECTIONS": str(plan.connections),
            "PYTHONUNBUFFERED": "1",
        }
        sockets = [*plan.sockets.values(), plan.connections]
        self._libvirtd = Child(
            "libvirtd", [private_libvirt.LIBVIRTD], {}, [], BoundedLog(logs / "libvirtd.log", plan.log_bytes)
        )
        self._daemon = Reserved(
            "daemon", plan.daemon, environment, sockets, BoundedLog(logs / "daemon.log", plan.log_bytes)
        )
        self._children = (self._libvirtd, self._daemon)
        self._log = BoundedLog(logs / "init.log", plan.log_bytes)
        self._down_until: float | None = None
        self._late = False
        self._guest_logs_due = 0.0

    def run(self) -> None:
        """Until the way down is over."""
        wakeup, write_end = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(write_end, False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        poll = select.poll()
        for descriptor in (wakeup, *(child.output for child in self._children)):
            poll.register(descriptor, select.POLLIN)
        while not self._over():
            self._start_due()
            ready = {descriptor for descriptor, _ in poll.poll(self._pause())}
            for child in self._children:
                if child.output in ready:
                    child.drain()
            if wakeup in ready:
                self._heard(set(os.read(wakeup, 4096)))
            self._bound_guest_logs()

    def _heard(self, numbers: set[int]) -> None:
        if numbers & {signal.SIGTERM, signal.SIGINT} and self._down_until is None:
            self.say("going down")
            self._down_until = float("inf")
        self._reap()

    def _over(self) -> bool:
        """On the way down: tell the daemon, then libvirtd, kill who is late; True when nothing is left to wait for."""
        if self._down_until is None:
            return False
        if self._daemon.pid is None and self._daemon.due is not None:
            return False  # it was killed a moment ago: its successor is still to shut the guests down
        child = self._libvirtd if self._daemon.pid is None else self._daemon
        if child.pid is None:
            return True
        if not child.told:
            limit = self._plan.down_limit + DOWN_GRACE if child is self._daemon else LIBVIRTD_GRACE
            self._down_until = time.monotonic() + limit
            child.tell(signal.SIGTERM)
        elif time.monotonic() > self._down_until:
            self.say(f"{child.name} did not end in time")
            self._late = True
            child.tell(signal.SIGKILL)
            self._down_until = time.monotonic() + LIBVIRTD_GRACE
        return False

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now:
                try:
                    child.start()
                except (VmsimError, OSError) as error:
                    self.say(f"{child.name} cannot be started: {error}")
                    child.has_ended(127 << 8)
                self._save()
        self._daemon.reserve()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._daemon.lost_reserve(pid):
                self.say(f"the reserve (pid {pid}) ended")
            for child in self._children:
                if child.pid == pid:
                    child.has_ended(status)
                    self.say(f"{child.name} (pid {pid}) ended: {child.ended}")
                    if child is self._daemon and child.told and child.killed and not self._late:
                        child.again()
                    self._save()

    def _pause(self) -> float:
        """Milliseconds until something is due."""
        times = [child.due for child in self._children if child.due is not None]
        if self._daemon.reserve_due is not None and self._daemon.pid is not None:
            times.append(self._daemon.reserve_due)
        times += [self._guest_logs_due, self._down_until or self._guest_logs_due]
        return max(0.0, (min(times) - time.monotonic()) * 1000 + 1)

    def _bound_guest_logs(self) -> None:
        if time.monotonic() >= self._guest_logs_due:
            self._guest_logs_due = time.monotonic() + GUEST_LOGS_EVERY
            for path in Path(self._plan.libvirt, "log", "qemu").glob("*.log"):
                bound(path, self._plan.log_bytes)

    def _save(self) -> None:
        """What the outside may want to know of the children."""
        path = Path(self._plan.runtime, "children.json")
        try:
            path.with_suffix(".new").write_text(json.dumps({child.name: child.describe() for child in self._children}))
            path.with_suffix(".new").replace(path)
        except OSError as error:
            self.say(f"{path} cannot be written: {error}")

    def say(self, text: str) -> None:
        self._log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n".encode())


def separate(control: socket.socket) -> None:
    """Into the namespaces; returns in their PID 1 only, after the starter said "go"."""
    flags = namespaces.NEW_NET | namespaces.NEW_MOUNT | namespaces.NEW_PID | namespaces.NEW_UTS | namespaces.NEW_IPC
    if namespaces.rootless():
        namespaces.unshare(flags | namespaces.NEW_USER)
        control.sendall(b"unshared\n")
        _expect(control, b"mapped")
        namespaces.become_root()
    else:
        namespaces.unshare(flags)
    pid = os.fork()
    if pid != 0:
        control.sendall(f"pid {pid}\n".encode())
        os._exit(0)
    _expect(control, b"go")


def _expect(control: socket.socket, word: bytes) -> None:
    if control.recv(len(word)) != word:
        os._exit(1)


def _network() -> None:
    """Bring the loopback device up: SIOCSIFFLAGS, IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = bytearray(b"lo".ljust(16, b"\0") + (0x1).to_bytes(2, sys.byteorder) + bytes(22))
        fcntl.ioctl(any_socket, 0x8914, bytes(request))


def _sockets_inside() -> dict[str, int]:
    """Where guests find their metadata. The addresses come later (`host/firewall.py`); kept here like those of outside,
    so that a guest which asks while the daemon is away waits for the next one."""
    found = {}
    for name, address in METADATA_SOCKETS.items():
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, 80))
        listening.listen(1024)
        found[name] = listening.detach()
    return found


def _name_process() -> None:
    """`ps` shows what this is (PR_SET_NAME)."""
    ctypes.CDLL(None).prctl(15, b"vmsim-init", 0, 0, 0)


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = Plan.from_json(control.makefile("r").readline())
    try:
        separate(control)
        _name_process()
        for name in _SESSION:
            os.environ.pop(name, None)
        os.environ["PATH"] = command.search_path()
        os.umask(0o022)  # dnsmasq runs as a user of its own; what is secret lies in 0700 folders
        os.chdir("/")
        # systemd-tmpfiles empties old folders in /tmp, but not those that somebody holds a lock on.
        fcntl.flock(os.open(plan.runtime, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), fcntl.LOCK_SH)
        own = Path(plan.libvirt)
        covers = {**private_libvirt.folders(own), **accounts.complete(own), **private_libvirt.resolver(own)}
        mounts.prepare(covers, plan.kept, plan.libvirtd, private_libvirt.LIBVIRTD)
        _network()
        init = Init(replace(plan, sockets={**plan.sockets, **_sockets_inside()}))
    except (VmsimError, OSError) as error:
        control.sendall(f"error {error}\n".encode())
        sys.exit(1)
    control.sendall(b"ready\n")
    control.close()
    init.run()


if __name__ == "__main__":
    main()
