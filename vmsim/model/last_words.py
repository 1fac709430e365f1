"""What a daemon that cannot come up says last, and whoever waits for it hears: a sentence and what to do, no traceback.

error: /home/me/vmsim/vmsim.db is not a vmsim database: file is not a database.
hint: Move it away, or restore a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from vmsim.model.errors import HostError, VmsimError

_ERROR, _HINT = "error: ", "hint: "


def said(error: VmsimError | OSError) -> str:
    """For the end of the daemon's log."""
    if isinstance(error, VmsimError):
        return f"{_ERROR}{error.message}\n{_HINT}{error.hint}"
    return f"{_ERROR}{error.filename or 'The daemon'}: {error.strerror}.\n{_HINT}"


def heard(lines: Sequence[str], hint: str) -> HostError | None:
    """The error that the end of a log tells, with this hint where it has none; None where it tells none."""
    begin = max((number for number, line in enumerate(lines) if line.startswith(_ERROR)), default=None)
    if begin is None:
        return None
    told = list(lines[begin:])
    end = next((number for number, line in enumerate(told) if line.startswith(_HINT)), len(told))
    own = told[end].removeprefix(_HINT) if end < len(told) else ""
    return HostError("\n".join(told[:end]).removeprefix(_ERROR), hint=own or hint)
