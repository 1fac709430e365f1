"""The switch that only tests have: a daemon that looks closely at its own answers.

With `VMSIM_TEST_STRICT=yes` a reply that breaks the published schema, or a parameter that was given and ignored,
becomes an InternalError and a traceback in the log. An ordinary daemon saves itself the work.
"""

from __future__ import annotations

import os

VARIABLE = "VMSIM_TEST_STRICT"


def from_environment() -> bool:
    return os.environ.get(VARIABLE, "") == "yes"
