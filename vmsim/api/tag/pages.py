"""The Tag service's two kinds of pages: Offset and Limit, and tokens that lead to the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from vmsim.model.errors import UsageError

LIMIT = 15
LARGEST_LIMIT = 1000
RESULTS = 50
_TOKEN = "vmsim:"


def offset_and_limit(params: Mapping[str, Any], default: int = LIMIT) -> tuple[int, int]:
    """Raises UsageError for what is no page."""
    offset, limit = params.get("Offset", 0), params.get("Limit", default)
    if offset < 0 or not 1 <= limit <= LARGEST_LIMIT:
        raise UsageError(
            f"Offset {offset} and Limit {limit}: they are 0 or more, and 1 to {LARGEST_LIMIT}.",
            code="InvalidParameterValue",
        )
    return offset, limit


def place(params: Mapping[str, Any], most: int = LARGEST_LIMIT) -> tuple[int, int]:
    """Where PaginationToken goes on, and MaxResults."""
    limit = params.get("MaxResults", RESULTS)
    if not 1 <= limit <= most:
        raise UsageError(f"MaxResults is {limit}; it is 1 to {most}.", code="LimitExceeded")
    return _offset(params.get("PaginationToken", "")), limit


def token(offset: int, limit: int, total: int) -> str:
    """Of the next page; empty after the last one."""
    following = offset + limit
    return base64.urlsafe_b64encode(f"{_TOKEN}{following}".encode()).decode() if following < total else ""


def _offset(given: str) -> int:
    if not given:
        return 0
    try:
        text = base64.urlsafe_b64decode(given.encode()).decode()
        if text.startswith(_TOKEN) and text[len(_TOKEN) :].isdecimal() and len(text) < 24:
            return int(text[len(_TOKEN) :])
    except (binascii.Error, UnicodeError):
        pass
    raise UsageError("PaginationToken is not one of ours.", code="InvalidParameter.PaginationTokenInvalid")
