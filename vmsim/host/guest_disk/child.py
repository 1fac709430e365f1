"""Starts the editing process (session.py), so that it can be killed at any moment and leaves nothing.

    setpriv     the kernel kills what follows when the thread that waits for it is gone (the daemon was killed)
    unshare     a mount namespace (private: no mount is seen outside) and a PID namespace; dying, it kills its child
    python      first process of that namespace: with it every other process in there ends, and so every mount

The host's /proc stays: /proc/self works across PID namespaces, and a new one may be refused inside a container.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from vmsim.host import command
from vmsim.host.guest_disk.edits import EditReport, Edits, GuestDiskFacts, to_json
from vmsim.model.errors import HostError, UsageError

_PACKAGES = Path(__file__).resolve().parents[3]
_LIMIT = 900.0
_ALONE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--"]
# Without site-packages (-S): the session needs none, and looking for them is most of the interpreter's start.
_SESSION = [sys.executable, "-S", "-m", "vmsim.host.guest_disk.session"]


def edit(disk: Path, edits: Edits, *, verify: bool, kvm: bool) -> EditReport:
    """Changes the disk in place."""
    told = _run({"task": "edit", "disk": str(disk), "edits": to_json(edits), "verify": verify, "kvm": kvm})
    return EditReport(told["file_system"], told["filled"], tuple(told["notes"]))


def inspect(disk: Path) -> GuestDiskFacts:
    """Only reads. Raises HostError while something writes to the disk."""
    return GuestDiskFacts(**_run({"task": "inspect", "disk": str(disk)}))


def _run(job: dict[str, Any]) -> dict[str, Any]:
    done = command.run(
        [*_ALONE, *_SESSION],
        stdin=json.dumps(job),
        timeout=_LIMIT,
        env={"PYTHONPATH": str(_PACKAGES)},
    )
    answer = json.loads(done.stdout)
    if "error" not in answer:
        report: dict[str, Any] = answer["report"]
        return report
    kind = UsageError if answer["error"] == UsageError.__name__ else HostError
    said = done.stderr.strip()[-1000:]
    message = answer["message"] + (f" ({said})" if said and kind is HostError else "")
    raise kind(message, hint=answer["hint"], code=answer["code"])
