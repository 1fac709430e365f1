"""A started home with the real daemon and real guests, as tests use it: ask, wait for what is told, look inside.

Waiting goes by the daemon's own streams (an operation's, a guest's readiness, the audit log), each with a limit, so a
test is as quick as the machine and fails with what was told last. What no stream tells is polled (`until`).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from vmsim import client as local
from vmsim.api import spec, strict_switch
from vmsim.client import Client
from vmsim.config import DEFAULT_REGION, Home, Settings
from vmsim.host import command, ssh
from vmsim.lab import images
from vmsim.lab.lab import Lab
from vmsim.model.errors import VmsimError

T = TypeVar("T")
View = dict[str, Any]

BOOT_LIMIT = 120.0
"""A boot that stands still this long has failed; generous, since the machine may have other work."""
LIMIT = 60.0
SERVICES = ("cvm", "cbs", "vpc")
"""Whose actions are asked; no two of them have one of the same name."""
NANO = "LAB1.NANO128"
OWN_SETTINGS = {"port": "0", "accel": "tcg", "press_interval": "2", "down_limit": "5", "reconcile_interval": "2"}


def until(condition: Callable[[], T], limit: float = LIMIT) -> T:
    """What the condition gives as soon as that is true."""
    deadline = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < deadline, f"did not come about within {limit:g} s"
        time.sleep(0.02)
    return found


class Journal:
    """Everything the home's audit log tells, as it tells it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._events: list[View] = []
        self._grown = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="journal", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for event in self._client.events(follow=True):
                with self._grown:
                    self._events.append(event)
                    self._grown.notify_all()
        except VmsimError:
            return  # the lab has been taken down

    def join(self) -> None:
        self._thread.join(timeout=LIMIT)
        assert not self._thread.is_alive()

    @property
    def position(self) -> int:
        """After everything that has happened so far: what a test does next comes after it."""
        return self._caught_up()

    def _caught_up(self) -> int:
        """Events are told a moment after they are true: wait for all that are recorded now, and count them."""
        recorded = self._client.get("/v1/status")["last_event"]
        with self._grown:
            assert self._grown.wait_for(lambda: self._told(recorded), LIMIT), "the events do not come"
            return sum(event["sequence"] <= recorded for event in self._events)

    def _told(self, sequence: int) -> bool:
        return sequence == 0 or (bool(self._events) and self._events[-1]["sequence"] >= sequence)

    def of(self, ident: str, kind: str, since: int = 0) -> list[View]:
        with self._grown:
            return [event for event in self._events[since:] if event["instance_id"] == ident and event["kind"] == kind]

    def states(self, ident: str, since: int = 0) -> list[str]:
        """The states shown, in order."""
        self._caught_up()
        return [event["data"].get("state", "") for event in self.of(ident, "state", since)]

    def wait(self, ident: str, kind: str, word: str, since: int = 0, limit: float = LIMIT) -> View:
        """The first such event whose text begins with `word`."""
        deadline = time.monotonic() + limit
        with self._grown:
            while True:
                for event in self._events[since:]:
                    if (event["instance_id"], event["kind"]) == (ident, kind) and event["text"].startswith(word):
                        return event
                left = deadline - time.monotonic()
                told = [event["text"] for event in self._events[since:] if event["instance_id"] == ident]
                assert left > 0, f"no {kind} {word!r} within {limit:g} s; told: {told}"
                self._grown.wait(left)


def moment(event: View) -> float:
    """When it was told."""
    return datetime.fromisoformat(event["at"].replace("Z", "+00:00")).timestamp()


@dataclass
class RunningHome:
    """Use `running_home`."""

    lab: Lab
    client: Client
    journal: Journal
    key: str = field(default="", repr=False)

    @property
    def home(self) -> Home:
        return self.lab.home

    # Asking, by the local API

    def launch(self, *names: str, words: str = "", wait: bool = True, **wanted: Any) -> list[View]:
        """An instance for each name; `words` makes the guests difficult (images/tiny/README.md)."""
        script = f"#!/bin/sh\n# vmsim-tiny: {words}\n" if words else ""
        body = {"type_name": NANO, "default_key": not wanted.get("password"), **wanted}
        if script:
            body["user_data"] = base64.b64encode(script.encode()).decode()
        replies = [self.client.post("/v1/instances", {**body, "name": name}) for name in names]
        for reply in replies:
            for operation in reply["operations"]:
                ended = self.settled(operation)
                assert ended["state"] == "SUCCESS", ended["error"]
        made = [item["id"] for reply in replies for item in reply["instances"]]
        if wait:
            for ident in made:
                self.wait_up(ident)
        return [self.instance(ident) for ident in made]

    def wait_up(self, ident: str, limit: float = BOOT_LIMIT) -> list[str]:
        """Until one can log in; the rungs on the way."""
        return [line["rung"] for line in self.client.stream(f"/v1/instances/{ident}/readiness", limit=limit)]

    def ask(self, ident: str, verb: str, *, force: bool = False, **arguments: Any) -> View:
        body = {"verb": verb, "arguments": arguments, "force": force}
        operation: View = self.client.post(f"/v1/instances/{ident}/operations", body)["operation"]
        return operation

    def settled(self, operation: View) -> View:
        *_, last = operation, *self.client.stream(f"/v1/operations/{operation['id']}/follow")
        assert last["state"] != "OPERATING", last
        return last

    def do(self, ident: str, verb: str, *, force: bool = False, **arguments: Any) -> View:
        """Ask and wait; it must succeed."""
        ended = self.settled(self.ask(ident, verb, force=force, **arguments))
        assert ended["state"] == "SUCCESS", ended["error"]
        return ended

    def instance(self, ident: str) -> View:
        found: View = self.client.get(f"/v1/instances/{ident}")["instance"]
        return found

    def operations(self, ident: str) -> list[View]:
        """Newest first."""
        found: list[View] = self.client.get(f"/v1/instances/{ident}")["operations"]
        return found

    # Asking, by Tencent's API

    def api(self, action: str, **members: Any) -> View:
        """Signed, over TCP; the Response."""
        key = json.loads(self.home.credentials.read_text())
        profile = ClientProfile(
            httpProfile=HttpProfile(endpoint=f"127.0.0.1:{self.lab.status().port}", protocol="http", reqTimeout=30),
            language="en-US",
        )
        proof = credential.Credential(key["secret_id"], key["secret_key"])
        service = next((each for each in SERVICES if action in spec.service(each).actions), SERVICES[0])
        client = CommonClient(service, spec.service(service).version, proof, DEFAULT_REGION, profile)
        reply: View = client.call_json(action, members)["Response"]
        return reply

    def refusal(self, action: str, **members: Any) -> str:
        """The code of an error that must come."""
        try:
            reply = self.api(action, **members)
        except TencentCloudSDKException as error:
            return str(error.get_code())
        raise AssertionError(f"{action} was not refused: {reply}")

    def described(self, ident: str) -> View:
        found: View = self.api("DescribeInstances", InstanceIds=[ident])["InstanceSet"][0]
        return found

    # Looking

    @contextmanager
    def shell(self, ident: str, *, key: str = "", password: str = "") -> Iterator[ssh.Session]:
        """Logged in; with the home's own key when nothing else is given."""
        reached = local.connect(self.home, ident, 22)
        own = "" if password else key or (self.home.keys / "id_ed25519").read_text()
        with ssh.Session(
            reached.socket, host_key=reached.host_key, user=reached.user, private_key=own, password=password
        ) as session:
            yield session

    def inside(self, ident: str, line: str, **proof: str) -> str:
        """What a command says in the guest; it must succeed."""
        with self.shell(ident, **proof) as session:
            done = session.run(line)
        assert done.exit == 0, done
        return done.stdout.strip()

    def in_lab(self, *argv: str, check: bool = True) -> str:
        return command.run(self.lab.enter(argv), check=check).stdout

    def virsh(self, *words: str) -> str:
        return self.in_lab("virsh", "--quiet", *words)

    def qemu(self, ident: str) -> psutil.Process | None:
        """The instance's QEMU, as this side of the border sees it."""
        for pid in self.lab.processes():
            try:
                process = psutil.Process(pid)
                if any(f"guest={ident}" in word.split(",") for word in process.cmdline()):
                    return process
            except psutil.Error:
                continue
        return None

    def running_qemu(self, ident: str) -> psutil.Process:
        found = self.qemu(ident)
        assert found is not None
        return found

    def disk_is_whole(self, instance: View) -> None:
        for disk in instance["disks"]:
            report = command.run(["qemu-img", "check", "--output=json", disk["path"]])
            assert "corruptions" not in json.loads(report.stdout), report.stdout


@contextmanager
def running_home(root: Path, **settings: Any) -> Iterator[RunningHome]:
    """A home with its lab up; afterwards every plug is pulled and nothing is left."""
    images.ensure(images.DEFAULT, print)
    chosen = {**OWN_SETTINGS, **{name: str(value) for name, value in settings.items()}}
    root.mkdir(parents=True, exist_ok=True)
    (root / "settings.ini").write_text("[vmsim]\n" + "".join(f"{name} = {value}\n" for name, value in chosen.items()))
    home = Home(root)
    lab = Lab(home, replace(Settings(), port=0, offline=True, accel="tcg", down_limit=float(chosen["down_limit"])))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(strict_switch.VARIABLE, "yes")
            lab.up()
        client = Client(home.api_socket)
        made = RunningHome(lab, client, Journal(client))
        yield made
        for instance in client.get("/v1/instances")["instances"]:
            if instance["state"] == "RUNNING" and instance["latest"]["state"] != "OPERATING":
                made.ask(instance["id"], "stop", stop_type="HARD")
    finally:
        lab.down(limit=5.0)
    made.journal.join()
    assert not list(home.instances.glob("*/*.commit")), "an edit was left half-way"
    assert "met a bug" not in (home.logs / "daemon.log").read_text(), "the daemon's log has the traceback"
