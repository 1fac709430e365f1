"""The lab's way to the internet: a device in its network, behind it a program that speaks for it with plain sockets.

pasta where there is one, else slirp4netns; neither needs a privilege that this user has not. The program lives in the
network of outside, which is what it is for, and in the lab's PID namespace, so that it ends with PID 1 whatever happens
to whoever started it. Nothing comes in by it, and it does not lead to what listens on this machine's own loopback.

Which guests may use it is the lab's own filters' matter (host/ruleset.py); names are asked for at RESOLVER, which it
leads to whatever server this machine asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vmsim.host import command
from vmsim.host.ruleset import INTERNET
from vmsim.lab import identity, namespaces

log = logging.getLogger(__name__)

DEVICE = INTERNET
# A range that IANA keeps for the inside of such translations; no VPC and no public address can be in it. The numbers
# are those that slirp4netns gives.
NETWORK, ADDRESS, GATEWAY, RESOLVER = "192.0.0.0/24", "192.0.0.100", "192.0.0.2", "192.0.0.3"
NETWORK_FILE = "internet"
OFFLINE = "off, as asked for"
NO_PROGRAM = "none: neither pasta nor slirp4netns is installed"

_FIRST_PAUSE, _LONGEST_PAUSE, _SETTLED = 0.5, 30.0, 10.0


@dataclass(frozen=True)
class Program:
    """What can do it; `words` are what follows its name, given the file of the lab's network namespace."""

    name: str
    package: str
    words: Callable[[str], Sequence[str]]


def _pasta(file: str) -> Sequence[str]:
    device = ["--config-net", "--ns-ifname", DEVICE, "--ipv4-only", "--no-dhcp"]
    addresses = ["--address", ADDRESS, "--netmask", "24", "--gateway", GATEWAY, "--dns-forward", RESOLVER]
    # By default every port is forwarded both ways, and the gateway's address is this machine's loopback.
    closed = ["-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-map-gw"]
    # As root it would become nobody, who may not enter a namespace; it gives up its capabilities in any case.
    return ["--foreground", "--quiet", "--runas", "0", *device, *addresses, *closed, "--netns", file]


def _slirp4netns(file: str) -> Sequence[str]:
    closed = ["--disable-host-loopback"]
    return ["--configure", "--mtu=65520", f"--cidr={NETWORK}", *closed, "--netns-type=path", file, DEVICE]


PROGRAMS = (Program("pasta", "passt", _pasta), Program("slirp4netns", "slirp4netns", _slirp4netns))

# The namespace's own file in /proc may be opened by nobody who has given up his capabilities, as pasta does first: it
# gets another name. So does the program: by its usual one AppArmor would let it open nothing of ours.
_RENAMED = 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@"'


def found() -> Program | None:
    return next((program for program in PROGRAMS if command.find(program.name)), None)


def argv(program: Program, lab_pid: int, folder: Path) -> list[str]:
    """The command line that attaches it to the lab whose PID 1 is `lab_pid`. In the folder are two empty files."""
    network, own = str(folder / NETWORK_FILE), str(folder / program.name)
    where = str(Path(command.find(program.name) or program.name).resolve())
    user = ["--user", "--preserve-credentials"] if namespaces.rootless() else []
    return [
        *("nsenter", *user, "--pid", "-t", str(lab_pid), "--", "unshare", "--mount", "sh", "-c", _RENAMED, "sh"),
        *(f"/proc/{lab_pid}/ns/net", network, where, own, own, *program.words(network)),
    ]


def write_resolver(path: Path, *, offline: bool) -> None:
    """The lab's /etc/resolv.conf. This machine's own would name servers that cannot be reached from inside."""
    path.write_text("" if offline or found() is None else f"nameserver {RESOLVER}\n")


class WayOut:
    """Kept by the broker. One that a broker before it has started is taken over."""

    def __init__(self, lab_pid: int, runtime: Path, *, offline: bool) -> None:
        self.state = OFFLINE if offline else "not there yet"
        self._offline = offline
        self._lab_pid = lab_pid
        self._runtime = runtime
        self._record = runtime / "internet.json"

    async def keep(self) -> None:
        """Start it, and start it again when it ends: it does so where this machine has no network at present."""
        pause = _FIRST_PAUSE
        while not self._offline:
            begun = time.monotonic()
            program = found()
            if program is None:
                self.state = NO_PROGRAM
                pause = _LONGEST_PAUSE
            else:
                pid = self._taken_over() or self._started(program)
                self.state = program.name
                await _end_of(pid)
                pause = _FIRST_PAUSE if time.monotonic() - begun > _SETTLED else min(2 * pause, _LONGEST_PAUSE)
                self.state = f"{program.name} ended; it is started again (see broker.log)"
                log.warning("%s ended", program.name)
            await asyncio.sleep(pause)

    def _started(self, program: Program) -> int:
        for name in (NETWORK_FILE, program.name):
            (self._runtime / name).touch(mode=0o600)
        process = command.start(argv(program, self._lab_pid, self._runtime))
        process.returncode = 0  # reaped by its pid, below
        self._record.write_text(json.dumps({"pid": process.pid, "started": identity.started(process.pid)}))
        return process.pid

    def _taken_over(self) -> int:
        try:
            known = json.loads(self._record.read_text())
            return int(known["pid"]) if identity.started(known["pid"]) == known["started"] else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0


async def _end_of(pid: int) -> None:
    """Until the process has ended; ours is reaped, so that PID 1 of the lab need not wait for it."""
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(held, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(held)
        os.close(held)
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            log.debug("process %d was another broker's", pid)
