"""What goes back over HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """An envelope of the API, unless it says otherwise."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    """Exactly so: with a charset behind it the Python SDK takes an error for success."""
