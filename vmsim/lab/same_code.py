"""How the lab's Python processes find the vmsim that started them: installed or not, whatever the working directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_TREE = str(Path(__file__).resolve().parents[2])


def argv(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def environment() -> dict[str, str]:
    """To be added to a child's environment."""
    return {"PYTHONPATH": ":".join(filter(None, [_TREE, os.environ.get("PYTHONPATH", "")]))}
