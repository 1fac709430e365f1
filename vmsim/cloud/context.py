"""What the cloud works with: made once by the daemon, passed to every function explicitly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vmsim.cloud.clock import Clock
from vmsim.cloud.hands import Hands
from vmsim.cloud.memory import DomainMemory
from vmsim.cloud.news import News
from vmsim.cloud.screens import Screens
from vmsim.config import Home, Settings
from vmsim.host.accelerator import Verdict
from vmsim.host.domain import Domains
from vmsim.host.firewall import Firewall
from vmsim.host.network import Networks
from vmsim.host.tcp_peers import Address
from vmsim.store.database import Store


def _anybody(_client: Address, _server: Address) -> bool:
    """Outside the lab nobody else is asked after."""
    return True


def _nothing(_name: str) -> None:
    """The crash switch of an ordinary daemon: none."""


@dataclass
class Cloud:
    """Everything a use case needs. `enqueue` hands the id of an operation or a job to the workers."""

    home: Home
    settings: Settings
    store: Store
    domains: Domains
    networks: Networks
    clock: Clock
    lab_boot: str
    accelerator: Verdict
    news: News = field(default_factory=News)
    memory: DomainMemory = field(default_factory=DomainMemory)
    hands: Hands = field(default_factory=Hands)
    live_copies: Hands = field(default_factory=Hands)
    """A domain has one backup at a time. Not `hands`: nothing that is asked of the guest waits for a copy."""
    going_down: threading.Event = field(default_factory=threading.Event)
    """Set when the lab is: nothing is started any more."""
    firewall: Firewall = field(default_factory=Firewall)
    naming: threading.Lock = field(default_factory=threading.Lock)
    """Held from reading who is called what to having told the networks' DNS, for the same reason."""
    publishing: threading.Lock = field(default_factory=threading.Lock)
    """Held from reading the publications to having told the broker: the latest word must be the last one."""
    doors: dict[tuple[str, int], str] = field(default_factory=dict)
    """Address and port on the workstation → why it is not open, as the broker said last."""
    port: int = 0
    """Where the API is served on 127.0.0.1, as soon as it is."""
    screens: Screens = field(default_factory=Screens)
    """The tokens by which a web console gets at a guest's screen."""
    taken_in: dict[str, str] = field(default_factory=dict)
    """Image by name → which built file was taken in last (inode, size, time)."""
    is_own_user: Callable[[Address, Address], bool] = _anybody
    """Is the client of this connection (its address, ours) a process of this home's user?"""
    enqueue: Callable[[str], None] = _nothing
    reached: Callable[[str], None] = _nothing
    """Told the name of each step that is about to be done; tests kill the daemon there."""

    def hand_over(self, what: str, ids: Iterable[str]) -> None:
        """After the commit that recorded accepted work of one kind (a verb, a kind of job): the workers take it."""
        self.reached(f"{what}.accepted")
        self.news.ring()
        for ident in ids:
            self.enqueue(ident)
