"""virt-customize on a clone of the same image: what people use to set a password and a key offline.

It boots an appliance, so it runs inside a lab. The appliance needs a kernel of the host's; where /boot has none
(a container), SUPERMIN_KERNEL and SUPERMIN_MODULES name one. Its first run on a host builds the appliance and is not
counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from contestant import EDIT

from vmsim.host import command, qcow2, ssh
from vmsim.lab.lab import Lab

_LIMIT = 600.0
_ENVIRONMENT = ("SUPERMIN_KERNEL", "SUPERMIN_MODULES", "LIBGUESTFS_CACHEDIR")


class Customize:
    name = "virt-customize"

    def __init__(self, lab: Lab, image: Path, *, kvm: bool) -> None:
        self._lab = lab
        self._image = image
        self._folder = lab.home.root / "images"
        # libguestfs believes in a /dev/kvm that boots nothing, and hangs.
        how = {"LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "" if kvm else "force_tcg"}
        how |= {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._environment = [f"{name}={value}" for name, value in how.items()]
        self._warm = False

    def round(self) -> Iterator[tuple[str, float]]:
        if not self._warm:
            self._edit()
            self._warm = True
        yield EDIT, self._edit()

    def _edit(self) -> float:
        disk, key = self._folder / "customize.qcow2", self._folder / "customize.pub"
        key.write_text(ssh.generate_key().public + "\n")
        qcow2.create_overlay(disk, self._image)
        try:
            what = ["-a", str(disk), "--root-password", "password:Bench-mark-1", "--ssh-inject", f"root:file:{key}"]
            begun = time.monotonic()
            words = self._lab.enter(["env", *self._environment, "virt-customize", "--quiet", *what])
            command.run(words, timeout=_LIMIT)
            return time.monotonic() - begun
        finally:
            disk.unlink()
            key.unlink()
