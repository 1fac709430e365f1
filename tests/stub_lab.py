"""What the labs of tests are made with: quick, on any port, and a stub in the daemon's place."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vmsim.config import Settings

STUB_DAEMON = (str(Path(__file__).with_name("stub_daemon.py")),)
SETTINGS = replace(Settings(), port=0, offline=True, accel="tcg", down_limit=5.0)

Inside = Callable[..., "subprocess.CompletedProcess[str]"]
"""How a program is run inside the lab: the fixture `inside`."""
