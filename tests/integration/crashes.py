"""Killing the daemon at named steps, and looking for what it may have left.

Which steps an operation has is learnt from running it once (`steps_of`), so that a new step is tested by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from vmsim.cloud import crash_switch
from vmsim.model.errors import HostError
from vmsim.model.network import PUBLIC_RANGES

from .homes import RunningHome, View, running_home, until

# Killed before it had answered, by the local socket and by the SDK; the SDK lets pass what breaks inside an answer.
UNANSWERED = (HostError, TencentCloudSDKException, requests.RequestException)

EDITORS = ("qemu-storage-d", "fuse2fs", "qemu-img")
LEASE = re.compile(r"<host mac='([^']+)' name='[^']+' ip='([^']+)'")
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")


@dataclass
class Crasher:
    """A home whose daemon was started with VMSIM_TEST_KILL_AT=file."""

    cloud: RunningHome
    away: list[float] = field(default_factory=list)
    """Seconds that the daemon was away, for each kill."""

    @property
    def root(self) -> Path:
        return self.cloud.home.root

    def steps_of(self, act: Callable[[], object]) -> list[str]:
        """Every step that is reached while `act` runs, in order, each once."""
        written = self.root / crash_switch.REACHED
        before = len(written.read_text().splitlines()) if written.exists() else 0
        act()
        return list(dict.fromkeys(written.read_text().splitlines()[before:]))

    def killed_at(self, step: str, ask: Callable[[], object]) -> None:
        """Ask, and return when the daemon was killed at the step and answers again."""
        wanted = self.root / crash_switch.WANTED
        wanted.write_text(step)
        with contextlib.suppress(*UNANSWERED):  # the record says whether it was accepted
            ask()
        until(lambda: not wanted.exists())
        begun = time.monotonic()
        self.cloud.client.get("/v1/status")
        self.away.append(time.monotonic() - begun)

    def stopped_guest(self) -> View:
        (made,) = self.cloud.launch("crash", wait=False, bandwidth_out=1)
        self.cloud.do(made["id"], "stop", stop_type="HARD")
        return self.cloud.instance(made["id"])

    def kill_daemon(self) -> float:
        """Seconds until it answers again."""
        begun = time.monotonic()
        os.kill(until(lambda: self.cloud.lab.pid_of("daemon")), signal.SIGKILL)
        self.cloud.client.get("/v1/status")
        return time.monotonic() - begun


@contextmanager
def crashing_home(root: Path) -> Iterator[Crasher]:
    """The limit of a forced stop is short, so that its guest need not be up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crash_switch.VARIABLE, crash_switch.BY_FILE)
        with running_home(root, soft_stop_limit=1, launch_failed_kept=7200) as cloud:
            yield Crasher(cloud)


def at_every_step(
    crash: Crasher, ident: str, verb: str, before: Callable[[int], None], ask: Callable[[int], View]
) -> int:
    """Do it once for its steps, then once for each of them with a kill; `before` and `ask` are told the round."""
    before(0)
    steps = crash.steps_of(lambda: crash.cloud.settled(ask(0)))
    assert f"{verb}.accepted" in steps and f"{verb}.settle" in steps
    for number, step in enumerate(steps, 1):
        before(number)
        print(step, flush=True)
        crash.killed_at(step, lambda number=number: ask(number))  # type: ignore[misc]
        ended = latest(crash.cloud, ident, verb)
        assert ended["state"] == "SUCCESS", (step, ended)
        is_true(crash.cloud, ident)
        nothing_left_over(crash.cloud)
    return len(steps)


def nothing(_number: int) -> None:
    """No state has to be brought about first."""


def latest(cloud: RunningHome, ident: str, verb: str) -> View:
    """The newest operation of an instance, which must be of this verb, when it has ended."""
    newest = cloud.operations(ident)[0]
    assert newest["verb"] == verb, newest
    return cloud.settled(newest)


def is_true(cloud: RunningHome, ident: str) -> None:
    """What the record says is what the machine is, and a disk at rest is whole."""
    instance = cloud.instance(ident)
    running = ident in cloud.virsh("list", "--name").split()
    assert (instance["state"] == "RUNNING") == running, instance["state"]
    assert (cloud.qemu(ident) is not None) == running
    assert instance["latest"]["state"] != "OPERATING"
    if not running:
        cloud.disk_is_whole(instance)


def nothing_left_over(cloud: RunningHome) -> None:
    """Domains, leases, addresses, folders and processes are those of the instances there are, and no others."""
    known = cloud.client.get("/v1/instances")["instances"]
    made = [each for each in known if each["state"] != "LAUNCH_FAILED"]
    ids = {each["id"] for each in made}
    assert set(cloud.virsh("list", "--all", "--name").split()) == ids
    assert {path.name for path in cloud.home.instances.iterdir()} == ids
    leases = "".join(cloud.virsh("net-dumpxml", name) for name in cloud.virsh("net-list", "--all", "--name").split())
    assert set(LEASE.findall(leases)) == {(each["mac"], each["private_ip"]) for each in made}
    addresses = {each["public_ip"] for each in made if each["public_ip"]}
    until(lambda: public_addresses(cloud) == addresses)
    assert named_in_rules(cloud) == addresses
    halves = [path for path in cloud.home.instances.glob("*/*") if path.suffix in (".edit", ".commit", ".new")]
    assert not halves
    known_disks = cloud.client.get("/v1/disks")["disks"]
    alone = {Path(each["path"]).name for each in known_disks if Path(each["path"]).parent == cloud.home.disks}
    until(lambda: files_in(cloud.home.disks) == alone)
    assert not [name for name in until_names(cloud) if name.startswith(EDITORS)]


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def public_addresses(cloud: RunningHome) -> set[str]:
    """Those that the lab answers for; the metadata service has its own."""
    (lo,) = json.loads(cloud.in_lab("ip", "-json", "address", "show", "dev", "lo"))
    return {each["local"] for each in lo["addr_info"] if each.get("label") == "lo:vmsim" and is_public(each["local"])}


def named_in_rules(cloud: RunningHome) -> set[str]:
    """Public addresses in the lab's packet filter."""
    rules = cloud.in_lab("nft", "list", "table", "inet", "vmsim")
    return {each for each in ADDRESS.findall(rules) if is_public(each)}


def is_public(address: str) -> bool:
    """One that can be given; the rules name the ranges as well."""
    return any(IPv4Address(address) in set(net.hosts()) for net in PUBLIC_RANGES)


def until_names(cloud: RunningHome) -> list[str]:
    """The lab's processes by name, when no editor is dying any more."""

    def names() -> list[str]:
        found = []
        for pid in cloud.lab.processes():
            try:
                found.append(Path(f"/proc/{pid}/comm").read_text().strip())
            except OSError:
                continue
        return found

    until(lambda: not any(name.startswith(EDITORS) for name in names()), limit=10)
    return names()
