"""kcli as a contestant: `pip install kcli` somewhere on PATH. Its command's start counts, as it does for its users.

It runs in the bare lab, on that lab's network and address. It edits no disk offline, so the guest makes its host key
while it boots. Its soft stop looks every five seconds whether the guest is off.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from bare import MAC, NAME
from contestant import LAUNCH, START, STOP

from vmsim.client import Client
from vmsim.host import command
from vmsim.lab.lab import Lab
from vmsim.model.errors import HostError

_LIMIT = 300.0


class Kcli:
    name = "kcli"

    def __init__(self, lab: Lab, client: Client, image: Path, *, kvm: bool) -> None:
        self._lab = lab
        self._client = client
        self._image = image
        self._virtualisation = "kvm" if kvm else "qemu"
        self._folder = lab.home.root / "kcli"
        self._pool = self._folder / "pool"

    def round(self) -> Iterator[tuple[str, float]]:
        if not self._pool.exists():
            self._prepare()
        network = f'[{{"name":"{NAME}","mac":"{MAC}"}}]'
        hardware = ["memory=128", "numcpus=1", "disks=[1]", f"virttype={self._virtualisation}", f"nets={network}"]
        options = [word for each in ("pool=bench", "cloudinit=False", *hardware) for word in ("-P", each)]
        try:
            begun = time.monotonic()
            self._kcli("create", "vm", "-i", self._image.name, *options, "kcli1")
            yield LAUNCH, self._answered() - begun
            begun = time.monotonic()
            self._kcli("stop", "vm", "--soft", "kcli1")
            yield STOP, time.monotonic() - begun
            begun = time.monotonic()
            self._kcli("start", "vm", "kcli1")
            yield START, self._answered() - begun
        finally:
            self._kcli("delete", "vm", "--yes", "kcli1")

    def _prepare(self) -> None:
        self._pool.mkdir(parents=True)
        (self._pool / self._image.name).write_bytes(self._image.read_bytes())
        self._kcli("create", "pool", "-p", str(self._pool), "bench")
        self._inside("virsh", "pool-refresh", "bench")

    def _answered(self) -> float:
        """When SSH answered; returns after the guest was left alone for a moment."""
        self._client.post("/banner")
        answered = time.monotonic()
        time.sleep(2.0)
        return answered

    def _kcli(self, *words: str) -> None:
        found = shutil.which("kcli")
        if found is None:
            raise HostError("kcli is not installed.", hint="`pip install kcli` in an environment on PATH.")
        self._inside(found, *words)

    def _inside(self, *words: str) -> None:
        command.run(self._lab.enter(["env", f"HOME={self._folder}", *words]), timeout=_LIMIT)
