"""Where it plays: a temporary home on any free port, its lab and its API. Nothing of it stays.

Whatever ends the block (the last row, a failure, Ctrl-C, SIGTERM), the lab is taken down and the home removed; while
that goes on, further signals wait. Only what `keep` copied out before, when a row failed, is left, and it is named.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vmsim import config
from vmsim.client import Client
from vmsim.config import Home, Settings
from vmsim.lab import home as homes
from vmsim.lab import images
from vmsim.lab.lab import Lab
from vmsim.model.errors import NotFound, OperationFailed, TimedOut
from vmsim.verify.api_client import Api

Progress = Callable[[str], None]

PAUSE = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Stage:
    """What a cycle plays on."""

    lab: Lab
    client: Client
    api: Api
    image: dict[str, Any]
    """As DescribeImages shows it."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    hang_up: list[Callable[[], None]] = field(default_factory=list)
    """What wakes those who wait for a guest that will never answer again."""

    def cancel(self) -> None:
        """Everybody gives up at once. A lab without power closes no connection of its guests: that is done here."""
        self.cancelled.set()
        self.lab.kill()
        for each in list(self.hang_up):
            each()

    def check(self) -> None:
        """Raises OperationFailed when all is being given up."""
        if self.cancelled.is_set():
            raise OperationFailed("verify was interrupted.")

    @property
    def home(self) -> Home:
        return self.lab.home

    @property
    def settings(self) -> Settings:
        return self.lab.settings

    def until(self, condition: Callable[[], object], limit: float, what: str) -> None:
        """Wait for it. Raises TimedOut saying `what` did not come, or OperationFailed when all is being given up."""
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                raise TimedOut(f"{what}: not within {limit:g} s.")
            self.check()
            self.cancelled.wait(PAUSE)


@contextlib.contextmanager
def stage(image: str, progress: Progress) -> Iterator[Stage]:
    """A lab that is up, with the image built. Raises what `vmsim up` and `vmsim image build` raise."""
    with _terminable():
        images.ensure(image, lambda text: progress(f"image {image}: {text}"))
        root = Path(tempfile.mkdtemp(prefix="vmsim-verify-"))
        home = Home(root)
        lab = Lab(home, replace(config.settings(home), port=0, offline=True))
        try:
            yield _up(lab, image, progress)
        finally:
            with _undisturbed():
                progress("taking the lab down")
                lab.kill()  # its guests have nothing to save
                homes.reset(lab, down=True)


def keep(stage: Stage, verdicts: dict[str, Any]) -> Path:
    """Copy out what says why something failed: the verdicts, the lab's logs, the guests' serial logs."""
    folder = Path(tempfile.mkdtemp(prefix="vmsim-verify-report-"))
    (folder / "verdicts.json").write_text(json.dumps(verdicts, indent=2, ensure_ascii=False))
    for log in stage.home.logs.glob("*.log"):
        shutil.copy(log, folder / log.name)
    for log in stage.home.instances.glob("*/serial.log"):
        shutil.copy(log, folder / f"{log.parent.name}-serial.log")
    return folder


def _up(lab: Lab, image: str, progress: Progress) -> Stage:
    status = lab.up(progress)
    key = json.loads(lab.home.credentials.read_text())
    api = Api(status.port, key["secret_id"], key["secret_key"], lab.settings.region)
    found = api.call("DescribeImages", Filters=[{"Name": "image-name", "Values": [image]}])["ImageSet"]
    if not found:
        raise NotFound("image", image)
    return Stage(lab, Client(lab.home.api_socket), api, found[0])


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, by way of every `finally`."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal cuts the tidying short."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
