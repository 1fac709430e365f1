"""Reading a request: its JSON body and its query, each mistake a UsageError that names the field."""

from __future__ import annotations

import json
import secrets
from typing import Any, cast

from starlette.requests import Request

from vmsim.cloud.context import Cloud
from vmsim.local import fields
from vmsim.local.fields import Fields
from vmsim.model import regions
from vmsim.model.errors import Malformed, Missing
from vmsim.model.operation import Caller

REQUEST_ID_HEADER = "x-vmsim-request-id"
USER_HEADER = "x-vmsim-user"
_LARGEST = 2.0**53
"""Beyond it a float is no exact whole number; the database takes less than 2**63."""


def cloud_of(request: Request) -> Cloud:
    return cast(Cloud, request.app.state.cloud)


async def body_of(request: Request, known: Fields) -> dict[str, Any]:
    """The JSON object sent. Raises Malformed when it is none, and what `fields.read` raises."""
    raw = await request.body()
    try:
        data = json.loads(raw or b"{}")
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise Malformed("The body holds half a character.") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise Malformed("The body must be a JSON object.")
    return fields.read(data, known)


def region_of(cloud: Cloud, named: str | None) -> str:
    """The region named, which there must be; the home's where none is."""
    return regions.region(named or cloud.settings.region).name


def text_of(data: dict[str, Any], name: str) -> str:
    """A required string; `body_of` has looked at its type."""
    if name not in data:
        raise Missing(f"The field {name!r} is missing.")
    return str(data[name])


def number_of(request: Request, name: str, default: float) -> float:
    """A number from the query."""
    text = request.query_params.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError as error:
        raise Malformed(f"{name}={text!r} is not a number.") from error
    if not abs(number) <= _LARGEST:
        raise Malformed(f"{name}={text!r} is out of range.")
    return number


def flag_of(request: Request, name: str) -> bool:
    return request.query_params.get(name, "0") in ("1", "true", "yes")


def caller_of(request: Request) -> Caller:
    """Who asks: the socket is the user's own (0600); the name is what the client says, for the audit log only."""
    return Caller(how="cli", who=request.headers.get(USER_HEADER, "")[:64])


def request_id_of(request: Request) -> str:
    """The client's own id, so that its events can be found again, or a fresh one."""
    return request.headers.get(REQUEST_ID_HEADER, "")[:64] or secrets.token_hex(16)
