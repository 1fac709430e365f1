"""Calls one function of vmsim.host.guest_disk.atomic in a process of its own, which tests may kill.

Argument: JSON with `call`, `disk` and what the call takes; `die_at` names the step at which the process kills itself,
`padding` adds so many bytes to write, `held` makes another process hold the disk meanwhile, as a running guest does.
Answer: JSON with `result` or `error` and `message`. Started by small_guests.py as root of a user namespace, or as root.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vmsim.host import command, qcow2
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.edits import from_json
from vmsim.model.errors import VmsimError


def call(job: dict[str, Any]) -> object:
    disk = Path(job["disk"])

    def step(name: str) -> None:
        if name == job.get("die_at"):
            os.kill(os.getpid(), signal.SIGKILL)

    if job["call"] == "recover":
        return atomic.recover(disk)
    if job["call"] == "inspect":
        return asdict(atomic.inspect(disk))
    if job["call"] == "resize":
        return asdict(atomic.resize(disk, job["size"], job["fill"], step=step))
    if job["call"] == "edit_new":
        return asdict(atomic.edit_new(disk, from_json(job["edits"])))
    edits = from_json(job["edits"])
    if "padding" in job:
        edits = replace(edits, user_data=os.urandom(job["padding"]))
    return asdict(atomic.edit(disk, edits, step=step))


@contextmanager
def held(disk: Path) -> Iterator[None]:
    with command.start(["qemu-io", "-f", "qcow2", str(disk)], stdin=subprocess.PIPE) as holder:
        while qcow2.lock_holder(disk) is None:
            assert holder.poll() is None
        try:
            yield
        finally:
            holder.kill()


def main() -> None:
    job = json.loads(sys.argv[1])
    try:
        with held(Path(job["disk"])) if job.get("held") else nullcontext():
            answer: dict[str, object] = {"result": call(job)}
    except VmsimError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
