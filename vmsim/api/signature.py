"""Who asks: TC3-HMAC-SHA256 and the older HmacSHA1 and HmacSHA256, verified.

Clients do not agree on what they sign: some sign a Host without its port, some the whole endpoint with its scheme,
some always the path "/". So the signature is computed over each candidate and one must match; all candidates are made
of what was received, so this admits nobody who does not hold the key. Compared in constant time. Every refusal is an
AuthFailure… as published.

A token beside the key is accepted and means nothing: keys here are no temporary ones. `Authorization: SKIP` is for the
actions by which the cloud gives a key to who has none yet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from itertools import product
from typing import TypeVar

from vmsim.api.request import Asked, WireRequest
from vmsim.model.errors import Missing, UsageError

WINDOW = 300
_KEYS = 256
_ALGORITHM = "TC3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256\s+Credential=(?P<id>[^/,\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[^/,\s]+)/tc3_request\s*,"
    r"\s*SignedHeaders=(?P<headers>[a-z0-9-]+(?:;[a-z0-9-]+)*)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})\s*",
    re.ASCII,
)
_UNSIGNED = "UNSIGNED-PAYLOAD"
_SKIP = "SKIP"
UNSIGNED_ACTIONS = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_OLD_METHODS = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}

SecretOf = Callable[[str], str | None]
_T = TypeVar("_T")


def verify(request: WireRequest, asked: Asked, secret_of: SecretOf, now: float) -> str:
    """The secret id of whoever signed, "" where the action needs none. Raises UsageError with an AuthFailure code."""
    if asked.old is None and request.header("authorization") == _SKIP:
        return _let_in_unsigned(asked)
    _check_time(asked.timestamp, now)
    if asked.old is not None:
        return _verify_old(request, asked.old, secret_of)
    return _verify_tc3(request, asked, secret_of)


def scope_service(request: WireRequest) -> str:
    """The service named by the credential's scope; "" where none is."""
    found = _AUTHORIZATION.fullmatch(request.header("authorization"))
    return found["service"] if found else ""


def _let_in_unsigned(asked: Asked) -> str:
    if asked.action not in UNSIGNED_ACTIONS:
        raise _failure("InvalidAuthorization", f"{asked.action} must be signed.")
    return ""


def _check_time(timestamp: str, now: float) -> None:
    if not timestamp:
        raise Missing("The request has no Timestamp.", code="MissingParameter")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII):
        raise UsageError("The Timestamp is not in seconds since 1970.", code="InvalidParameterValue")
    apart = int(timestamp) - now
    if abs(apart) > WINDOW:
        side = "ahead of" if apart > 0 else "behind"
        raise _failure(
            "SignatureExpire",
            f"The Timestamp is {abs(apart):.0f} s {side} this host's clock; at most {WINDOW} s are allowed.",
        )


def _verify_tc3(request: WireRequest, asked: Asked, secret_of: SecretOf) -> str:
    found = _AUTHORIZATION.fullmatch(request.header("authorization"))
    if found is None:
        raise _failure(
            "InvalidAuthorization",
            f"The Authorization header is not of the form {_ALGORITHM} Credential=…, SignedHeaders=…, Signature=….",
        )
    names = found["headers"].split(";")
    if not {"content-type", "host"} <= set(names):
        raise _failure("InvalidAuthorization", "SignedHeaders must hold content-type and host.")
    secret = _secret(found["id"], secret_of)
    if found["date"] != datetime.fromtimestamp(int(asked.timestamp), timezone.utc).strftime("%Y-%m-%d"):
        raise _failure("SignatureFailure", "The date in the credential's scope is not that of the Timestamp in UTC.")
    key = _tc3_key(secret, found["date"], found["service"])
    scope = f"{found['date']}/{found['service']}/tc3_request"
    for canonical in _canonical_requests(request, names):
        digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
        text = f"{_ALGORITHM}\n{asked.timestamp}\n{scope}\n{digest}"
        if hmac.compare_digest(_mac(key, text).hex(), found["signature"]):
            return found["id"]
    raise _mismatch()


@lru_cache(_KEYS)
def _tc3_key(secret: str, date: str, service: str) -> bytes:
    """The same for a whole day; three of the four digests of a request go into it."""
    return _mac(_mac(_mac(f"TC3{secret}".encode(), date), service), "tc3_request")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("latin-1"), "sha256")


def _canonical_requests(request: WireRequest, names: list[str]) -> Iterator[str]:
    payload = request.body
    if request.header("x-tc-content-sha256") == _UNSIGNED:
        payload = _UNSIGNED.encode()
    digest = hashlib.sha256(payload).hexdigest()
    queries = [request.query] if request.method == "GET" else _distinct("", request.query)
    for path, query, block in product(_paths(request), queries, _header_blocks(request, names)):
        yield "\n".join((request.method, path, query, block, ";".join(names), digest))


def _header_blocks(request: WireRequest, names: list[str]) -> Iterator[str]:
    """The signed headers, one a line. The documents ask for lower-case values; the SDKs sign them as they are sent."""
    for host in _hosts(request.host):
        values = [host if name == "host" else request.header(name).strip() for name in names]
        for variant in _distinct(tuple(values), tuple(value.lower() for value in values)):
            yield "".join(f"{name}:{value}\n" for name, value in zip(names, variant, strict=True))


def _hosts(received: str) -> list[str]:
    """What a client may have signed as its host (tccli's is a whole URL; Node signs it without the port)."""
    bare = re.sub(r"^[a-z]+://", "", received, flags=re.IGNORECASE).rstrip("/")
    without_port = re.sub(r":\d+$", "", bare)
    return _distinct(received, bare, without_port, *(text.lower() for text in (received, bare, without_port)))


def _paths(request: WireRequest) -> list[str]:
    return _distinct("/", request.path)


def _verify_old(request: WireRequest, pairs: Mapping[str, str], secret_of: SecretOf) -> str:
    for name in ("SecretId", "Signature", "Nonce"):
        if not pairs.get(name):
            raise Missing(f"The request has no {name}.", code="MissingParameter")
    method = _OLD_METHODS.get(pairs.get("SignatureMethod", "HmacSHA1"))
    if method is None:
        raise _failure("SignatureFailure", f"SignatureMethod is neither of {', '.join(_OLD_METHODS)}.")
    secret = _secret(pairs["SecretId"], secret_of)
    signed = {name.replace("_", "."): value for name, value in pairs.items() if name != "Signature"}
    listed = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
    for host, path in product(_hosts(request.host), _paths(request)):
        text = f"{request.method}{host}{path}?{listed}"
        expected = base64.b64encode(hmac.new(secret.encode(), text.encode(), method).digest())
        if hmac.compare_digest(expected, pairs["Signature"].encode()):
            return pairs["SecretId"]
    raise _mismatch()


def _secret(secret_id: str, secret_of: SecretOf) -> str:
    secret = secret_of(secret_id)
    if secret is None:
        raise _failure("SecretIdNotFound", f"There is no API key {secret_id}.", "`vmsim env` prints the one to use.")
    return secret


def _mismatch() -> UsageError:
    return _failure(
        "SignatureFailure",
        "The signature is not that of this request with this key.",
        "Check the secret key and that nothing changes the request on its way.",
    )


def _failure(code: str, message: str, hint: str = "") -> UsageError:
    return UsageError(message, hint=hint, code=f"AuthFailure.{code}")


def _distinct(*candidates: _T) -> list[_T]:
    return list(dict.fromkeys(candidates))
