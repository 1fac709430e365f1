"""What is to be seen inside a guest, by SSH over a socket handed out of the lab.

One session is kept for each boot. Another login is tried for a proof that a password or key is taken or refused.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from vmsim import client
from vmsim.config import Home
from vmsim.host import ssh
from vmsim.model.errors import HostError, OperationFailed, Refused, TimedOut

LIMIT = 30.0

# Works in busybox and in a full system alike; one word and its value a line.
_FACTS = r"""
echo cpus $(grep -c ^processor /proc/cpuinfo)
echo memory_kib $(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)
echo boot_id $(cat /proc/sys/kernel/random/boot_id)
echo address $(ip -4 -o addr show scope global | sed -n 's/.* inet \([0-9.]*\).*/\1/p')
echo mac $(ip -o link show | sed -n '/loopback/!s/.*link\/ether \([0-9a-f:]*\).*/\1/p')
echo root_kib $(df -kP / | awk 'END { print $2 }')
for disk in /sys/class/block/vd[a-z]; do
    echo serial_${disk##*/} $(cat $disk/serial)
    echo sectors_${disk##*/} $(cat $disk/size)
done
"""


@dataclass(frozen=True)
class Login:
    """One way in: a private key or a password."""

    private_key: str = ""
    password: str = ""


class Inside:
    """The inside of one guest. Whoever changes a login in the guest says so here."""

    def __init__(self, home: Home, instance_id: str, login: Login) -> None:
        self._home = home
        self._id = instance_id
        self._session: ssh.Session | None = None
        self._logins = [login]
        self._connected: set[socket.socket] = set()

    @property
    def login(self) -> Login:
        """How to get in now."""
        return self._logins[0]

    def relogin(self, login: Login) -> None:
        """From the next session on. The former ones stay behind it: should the change have failed, the rows that have
        nothing to do with it still get in."""
        self._logins.insert(0, login)

    def run(self, command: str, limit: float = LIMIT) -> str:
        """What it wrote to standard output. Raises OperationFailed when it fails inside."""
        if self._session is None:
            self._session = self._open_any()
        done = self._session.run(command, timeout=limit)
        if done.exit != 0:
            said = (done.stderr or done.stdout).strip()[-300:]
            raise OperationFailed(f"`{command.strip()[:80]}` failed in the guest ({done.exit}): {said}")
        return done.stdout

    def facts(self) -> Mapping[str, str]:
        return parsed(self.run(_FACTS))

    def accepts(self, login: Login) -> bool:
        """Does somebody with this login get in?"""
        try:
            self._open(login).close()
        except Refused:
            return False
        return True

    def close(self) -> None:
        """The guest goes off, or all is over."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def hang_up(self) -> None:
        """From another thread: whoever waits for an answer gets an error instead."""
        for each in list(self._connected):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def power_off(self) -> None:
        """As a user at its console would. The guest may hang up before it answers."""
        with contextlib.suppress(HostError, TimedOut):
            self.run("poweroff")
        self.close()

    def _open_any(self) -> ssh.Session:
        *newer, last = self._logins
        for login in newer:
            with contextlib.suppress(Refused):
                return self._open(login)
        return self._open(last)

    def _open(self, login: Login) -> ssh.Session:
        reached = client.connect(self._home, self._id, 22)
        self._connected.add(reached.socket)
        return ssh.Session(
            reached.socket,
            host_key=reached.host_key,
            user=reached.user,
            private_key=login.private_key,
            password=login.password,
            timeout=LIMIT,
        )


def parsed(text: str) -> dict[str, str]:
    """Lines of a word and its value."""
    return {name: value for name, _, value in (line.partition(" ") for line in text.splitlines()) if name}
