"""Clients of the cloud as their makers publish them: installed at first use, and kept with the built images."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vmsim import config
from vmsim.host import command

# With all it asks for tccli has 640 MB, and it needs little.
_TCCLI_NEEDS = (
    "jmespath",
    "six",
    "cos-python-sdk-v5",
    *(f"tencentcloud-sdk-python-{product}" for product in ("common", "cvm", "autoscaling", "tag", "monitor")),
)
_NODE_NEEDS = ("tencentcloud-sdk-nodejs-cvm",)


def tccli() -> Path:
    folder = config.cache() / "venv-tccli"
    with _unless_complete(folder, *_TCCLI_NEEDS) as missing:
        if missing:
            command.run([sys.executable, "-m", "venv", folder], timeout=120)
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            command.run([*pip, "--no-deps", "tccli"], timeout=300)
            command.run([*pip, *_TCCLI_NEEDS], timeout=600)
    return folder / "bin" / "tccli"


def node_modules() -> Path:
    folder = config.cache() / "node"
    with _unless_complete(folder, *_NODE_NEEDS) as missing:
        if missing:
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
            command.run([*npm, *_NODE_NEEDS], timeout=600)
    return folder / "node_modules"


@contextmanager
def _unless_complete(folder: Path, *needs: str) -> Iterator[bool]:
    """Is something missing? One process at a time installs it."""
    folder.mkdir(parents=True, exist_ok=True)
    note, wanted = folder / "complete", "\n".join(needs)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not note.exists() or note.read_text() != wanted
        yield missing
        if missing:
            note.write_text(wanted)
