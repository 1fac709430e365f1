"""A client of Tencent Cloud's API 3.0 with nothing but the standard library: signed requests over HTTP.

Its own signature, made from the published rule and not from the server's code: two readings of one document must agree.
A refusal of the API is a Refused with the published code; a daemon that does not answer is a HostError.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from vmsim.model.errors import HostError, Refused

VERSIONS = {"cvm": "2017-03-12", "vpc": "2017-03-12"}
_TYPE = "application/json"
_LIMIT = 30.0


@dataclass(frozen=True)
class Api:
    """The API of one home, with a key and a region."""

    port: int
    secret_id: str
    secret_key: str
    region: str

    def call(self, action: str, *, service: str = "cvm", **params: Any) -> dict[str, Any]:
        """The reply's members. Raises Refused with the API's code."""
        payload = json.dumps(params).encode()
        host = f"127.0.0.1:{self.port}"
        timestamp = int(time.time())
        headers = {
            "Host": host,
            "Content-Type": _TYPE,
            "Authorization": authorization(self.secret_id, self.secret_key, service, host, payload, timestamp),
            "X-TC-Action": action,
            "X-TC-Version": VERSIONS[service],
            "X-TC-Region": self.region,
            "X-TC-Timestamp": str(timestamp),
        }
        reply: dict[str, Any] = self._sent(action, payload, headers)["Response"]
        if "Error" in reply:
            raise Refused(reply["Error"]["Message"], code=reply["Error"]["Code"])
        return reply

    def with_wrong_key(self) -> Api:
        """The same, as somebody who only guesses the secret."""
        return replace(self, secret_key=self.secret_key[::-1])

    def _sent(self, action: str, payload: bytes, headers: dict[str, str]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_LIMIT)
        try:
            connection.request("POST", "/", payload, headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HostError(f"{action} was not answered: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        return answer


def authorization(secret_id: str, secret_key: str, service: str, host: str, payload: bytes, timestamp: int) -> str:
    """The Authorization header of a POST to "/": TC3-HMAC-SHA256 over content type and host."""
    day = datetime.fromtimestamp(timestamp, timezone.utc).strftime("%Y-%m-%d")
    names = "content-type;host"
    lines = ("POST", "/", "", f"content-type:{_TYPE}", f"host:{host}", "", names, hashlib.sha256(payload).hexdigest())
    scope = f"{day}/{service}/tc3_request"
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{canonical}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"
