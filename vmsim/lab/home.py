"""Removing a home for good: `vmsim reset --home`.

Only what is a home is removed: it has our lock file, or is empty. In a rootless lab some files belong to subordinate
ids (dnsmasq's, a guest image's), which the user may remove only as root of a user namespace.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from vmsim.lab import namespaces
from vmsim.lab.lab import Lab, Progress, silent
from vmsim.model.errors import HostError, InUse, UsageError


def reset(lab: Lab, progress: Progress = silent, *, down: bool = False) -> None:
    """Remove the home; a running lab refuses it, unless it is to go down first. Harmless when there is no home."""
    root = lab.home.root
    if not root.exists() and not lab.status().running:
        return
    if root.exists() and not lab.home.lock_file.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not a home of vmsim; nothing was removed.")
    if lab.status().running and not down:
        raise InUse("The lab of this home is running.", hint="vmsim down")
    lab.down(progress)
    progress(f"removing {root}")
    remove(root)


def remove(folder: Path) -> None:
    """A folder and all in it, whoever of this user's ids owns it."""
    try:
        shutil.rmtree(folder)
    except PermissionError:
        done = namespaces.run_mapped(["rm", "-rf", "--", str(folder)])
        if folder.exists():
            said = done.stderr.decode(errors="replace").strip()
            raise HostError(f"{folder} cannot be removed: {said}") from None
