"""The daemon, loaded and waiting at a gate: PID 1 keeps one in reserve.

Importing the daemon takes most of a second, more on a busy machine; serving is the rest. With the imports done ahead, a
daemon that was killed has its successor in a moment. The gate is a pipe that PID 1 writes a byte to; when PID 1 is
gone it closes, and so does this.

    python -m vmsim.lab.standby GATE MODULE|FILE [ARGUMENT…]
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def load(name: str) -> ModuleType:
    """A module by its name, or from a file (tests have daemons of their own)."""
    if not name.endswith(".py"):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(Path(name).stem, name)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    gate = int(sys.argv[1])
    module = load(sys.argv[2])
    opened = os.read(gate, 1)
    os.close(gate)
    if opened:
        sys.argv = sys.argv[2:]
        module.main()


if __name__ == "__main__":
    main()
