"""A client of the legacy API without a network: signs as its SDK does, asks, and reads the envelope."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from vmsim.api.legacy.dispatch import LegacyApi
from vmsim.api.request import WireRequest
from vmsim.cloud.context import Cloud

SECRET_ID = "AKIDEXAMPLE0000000000000000000000000"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3Example"
HOST = "cvm.api.qcloud.com"
_NONCES = itertools.count(1)


def signed(params: dict[str, str], *, method: str = "GET", key: str = SECRET_KEY) -> WireRequest:
    digest = hashlib.sha256 if params.get("SignatureMethod") == "HmacSHA256" else hashlib.sha1
    kept = {name: text for name, text in params.items() if not (method == "POST" and text.startswith("@"))}
    listed = "&".join(f"{name.replace('_', '.')}={kept[name]}" for name in sorted(kept))
    text = f"{method}{HOST}/v2/index.php?{listed}"
    signature = base64.b64encode(hmac.new(key.encode(), text.encode(), digest).digest()).decode()
    pairs = urlencode({**params, "Signature": signature})
    headers = {"host": HOST}
    if method == "GET":
        return WireRequest("GET", "/v2/index.php", pairs, headers)
    headers["content-type"] = "application/x-www-form-urlencoded"
    return WireRequest("POST", "/v2/index.php", "", headers, pairs.encode())


@dataclass
class LegacyClient:
    cloud: Cloud
    api: LegacyApi = field(init=False)

    def __post_init__(self) -> None:
        self.api = LegacyApi(self.cloud)

    def common(self, action: str, **common: str) -> dict[str, str]:
        return {
            "Action": action,
            "Region": "gz",
            "SecretId": SECRET_ID,
            "Nonce": str(next(_NONCES)),
            "Timestamp": str(int(self.cloud.clock.now().timestamp())),
            "SignatureMethod": "HmacSHA1",
            "RequestClient": "SDK_PYTHON_2.0.15",
            **common,
        }

    def call(self, action: str, params: dict[str, Any] | None = None, *, method: str = "GET", **common: str) -> Any:
        own = {name: str(value) for name, value in (params or {}).items()}
        return self.send(signed({**self.common(action, **common), **own}, method=method))

    def send(self, wire: WireRequest) -> dict[str, Any]:
        envelope: dict[str, Any] = json.loads(self.api.answer(wire))
        assert {"code", "message", "codeDesc"} <= set(envelope)
        assert (envelope["code"] == 0) == (envelope["codeDesc"] == "Success")
        assert envelope["code"] == 0 or envelope["message"].startswith(f"({envelope['codeDesc']})")
        return envelope


def ids(*named: str) -> dict[str, str]:
    return {f"instanceIds.{index}": ident for index, ident in enumerate(named)}
