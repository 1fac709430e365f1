"""One HTTP request of a client, as it came and as what it asks.

Clients differ: the common parameters travel as X-TC-… headers or, with the old signatures, among the action's own;
those are JSON, flattened text in a form or a query, or parts of a multipart body. What cannot be read raises UsageError
with the published code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from vmsim.api import flattened, multipart
from vmsim.model.errors import Missing, UsageError

LONGEST_QUERY = 32 * 1024
LONGEST_FORM = 1024 * 1024
LONGEST_BODY = 10 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_OLD_COMMON = frozenset(
    {
        "Action",
        "Version",
        "Region",
        "Timestamp",
        "Nonce",
        "SecretId",
        "SignatureMethod",
        "Signature",
        "Token",
        "Language",
        "RequestClient",
    }
)


@dataclass(frozen=True)
class WireRequest:
    """As received. `path` has no authority, `query` is raw, header names are lower-case, header values raw."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    too_large: bool = False
    connection: tuple[tuple[str, int], tuple[str, int]] | None = None
    """The client's address and ours, where the request came by TCP."""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def host(self) -> str:
        return self.header("host")

    @property
    def content_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def asks_an_action(self) -> bool:
        """False for a browser that looks what is here."""
        return bool(self.header("x-tc-action") or "Action=" in self.query)


@dataclass(frozen=True)
class Asked:
    """The common parameters. `old` holds all parameters, as text, of a request that carries none in its headers."""

    action: str
    version: str
    region: str
    language: str
    timestamp: str
    token: str
    old: Mapping[str, str] | None = None


def read(request: WireRequest) -> Asked:
    """What is asked. Raises UsageError when the method, the size or the common parameters are wrong."""
    if request.method not in ("GET", "POST"):
        raise UsageError(f"Only GET and POST are served, not {request.method}.", code="UnsupportedProtocol")
    if request.too_large or len(request.query) > LONGEST_QUERY:
        raise _too_large()
    asked = _from_headers(request) if request.header("x-tc-action") else _from_parameters(request)
    for name in ("action", "version"):
        if not getattr(asked, name):
            raise Missing(f"The request names no {name.capitalize()}.", code="MissingParameter")
    return asked


def parameters(request: WireRequest, asked: Asked) -> tuple[dict[str, Any], bool]:
    """The action's own parameters, and whether all their values are text."""
    if asked.old is not None:
        own = {name: value for name, value in asked.old.items() if name not in _OLD_COMMON}
        return flattened.nested(own), True
    if request.method == "GET":
        return flattened.nested(_pairs(request.query)), True
    if request.content_type == _FORM:
        return flattened.nested(_pairs(_form_text(request))), True
    if request.content_type == _MULTIPART:
        return _of_parts(request), False
    # application/octet-stream too: the SDK sends the bytes it is given, and none but JSON mean anything to an action.
    return _json_object(request.body), False


def _from_headers(request: WireRequest) -> Asked:
    return Asked(
        action=request.header("x-tc-action"),
        version=request.header("x-tc-version"),
        region=request.header("x-tc-region"),
        language=request.header("x-tc-language"),
        timestamp=request.header("x-tc-timestamp"),
        token=request.header("x-tc-token"),
    )


def _from_parameters(request: WireRequest) -> Asked:
    if request.method == "POST" and request.content_type != _FORM:
        raise Missing("The request names no Action (header X-TC-Action).", code="MissingParameter")
    pairs = _pairs(request.query if request.method == "GET" else _form_text(request))
    return Asked(
        action=pairs.get("Action", ""),
        version=pairs.get("Version", ""),
        region=pairs.get("Region", ""),
        language=pairs.get("Language", ""),
        timestamp=pairs.get("Timestamp", ""),
        token=pairs.get("Token", ""),
        old=pairs,
    )


def _form_text(request: WireRequest) -> str:
    if len(request.body) > LONGEST_FORM:
        raise _too_large()
    return request.body.decode("latin-1")


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise UsageError("The parameters are not URL-encoded UTF-8.", code="InvalidParameter") from error


def _of_parts(request: WireRequest) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in multipart.parts(request.body, request.header("content-type")):
        if part.name in found:
            raise UsageError(f"The body has the parameter {part.name} twice.", code="InvalidParameter")
        found[part.name] = _json(part.value, f"The parameter {part.name}") if part.is_json else _text(part)
    return found


def _text(part: multipart.Part) -> str:
    try:
        return part.value.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"The parameter {part.name} is not UTF-8.", code="InvalidParameter") from error


def _json_object(body: bytes) -> dict[str, Any]:
    read = _json(body or b"{}", "The body")
    if not isinstance(read, dict):
        raise UsageError("The body is not a JSON object.", code="InvalidParameter")
    return read


def _json(text: bytes, what: str) -> Any:
    try:
        # Deep nesting ends in a RecursionError, a number of thousands of digits in a ValueError.
        return json.loads(text.decode(), parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON.", code="InvalidParameter") from error


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _too_large() -> UsageError:
    return UsageError(
        f"The request is too large: a query may have {LONGEST_QUERY} bytes, a form {LONGEST_FORM}, "
        f"a body {LONGEST_BODY}.",
        code="RequestSizeLimitExceeded",
    )
