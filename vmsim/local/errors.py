"""Errors on the local API: one JSON shape, which `vmsim/client.py` turns back into the same exception.

`{"error": {"kind", "message", "hint", "code", "data"}}`; `data` holds what else the exception carries (an id, a state).
What is no VmsimError is a bug: the traceback goes to the daemon's log, the client hears kind "Bug".
"""

from __future__ import annotations

import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from vmsim.model.errors import NotFound, OutOfResources, Refused, UsageError, VmsimError

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[VmsimError], int], ...] = (
    (UsageError, 400),
    (NotFound, 404),
    (Refused, 409),
    (OutOfResources, 409),
)


def as_json(error: Exception) -> dict[str, Any]:
    """The body of an error reply, and the last line of a stream that failed."""
    if not isinstance(error, VmsimError):
        text = f"{type(error).__name__}: {error}"
        return {"error": {"kind": "Bug", "message": text, "hint": "`vmsim logs daemon` has the details.", "code": ""}}
    plain = {name: value for name, value in vars(error).items() if isinstance(value, (str, int, list, type(None)))}
    data = {name: value for name, value in plain.items() if name not in ("message", "hint", "code")}
    shown = {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "code": error.code}
    return {"error": {**shown, "data": data}}


def status(error: Exception) -> int:
    return next((number for kind, number in _STATUS if isinstance(error, kind)), 500)


async def reply(_request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for expected errors and for bugs alike; it logs what is a bug."""
    if not isinstance(error, VmsimError):
        log.error("bug in the local API", exc_info=error)
    return JSONResponse(as_json(error), status(error))
