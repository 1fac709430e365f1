"""A client without a network: signs requests, asks, and unwraps the envelope."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from vmsim.api import spec
from vmsim.api.dispatch import Dispatcher, signed
from vmsim.api.error_codes import COMMON
from vmsim.api.request import WireRequest
from vmsim.cloud.context import Cloud
from vmsim.model import ids
from vmsim.model.image import Image
from vmsim.model.instance import LatestOperation
from vmsim.model.lifecycle import InstanceState
from vmsim.store import instances

SECRET_ID = "AKIDtest000000000000000000000000000"
SECRET_KEY = "secret0000000000000000000000000"
VERSION = "2017-03-12"
REGION = "ap-guangzhou"
ZONE = "ap-guangzhou-3"
IMAGE = Image(
    id=ids.derived("img", "test"),
    name="test",
    os_name="vmsim test 64bit",
    platform="Debian",
    architecture="x86_64",
    size_gib=1,
    memory_mib=128,
    login_user="root",
    path="/nowhere/test.qcow2",
    sha256="0" * 64,
    created=datetime(2026, 1, 1, tzinfo=timezone.utc),
)
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl test"
LAUNCH = {"Placement": {"Zone": ZONE}, "ImageId": IMAGE.id, "InstanceType": "LAB1.NANO128"}


@dataclass(frozen=True)
class Api:
    """Answers are checked against the schema, refusals against the published lists."""

    cloud: Cloud

    def call(self, action: str, params: dict[str, Any] | None = None, **common: str) -> dict[str, Any]:
        """Response, which holds Error when it was refused."""
        response = self.send(signed_request(action, params, **common))
        code = response.get("Error", {}).get("Code")
        assert code is None or code in spec.error_list(common.get("service", "cvm"), action) | COMMON, code
        return response

    def send(self, wire: WireRequest) -> dict[str, Any]:
        envelope = json.loads(Dispatcher(self.cloud, signed, strict=True).answer(wire))
        assert list(envelope) == ["Response"]
        response: dict[str, Any] = envelope["Response"]
        assert len(response["RequestId"]) == 36
        return response

    def ok(self, action: str, params: dict[str, Any] | None = None, **common: str) -> dict[str, Any]:
        response = self.call(action, params, **common)
        assert "Error" not in response, response
        return response

    def code(self, action: str, params: dict[str, Any] | None = None, **common: str) -> str:
        """The code of the refusal, "" when there is none."""
        code: str = self.call(action, params, **common).get("Error", {}).get("Code", "")
        return code

    def launched(self, state: InstanceState, **more: Any) -> str:
        """The id of an instance that has come to this state."""
        ident: str = self.ok("RunInstances", {**LAUNCH, **more})["InstanceIdSet"][0]
        self.put(ident, state)
        return ident

    def key_pair(self, name: str = "mine") -> str:
        """The id of one that is there. Imported: making an RSA key takes longer than most tests."""
        asked = {"KeyName": name, "ProjectId": 0, "PublicKey": PUBLIC_KEY}
        ident: str = self.ok("ImportKeyPair", asked)["KeyId"]
        return ident

    def put(self, ident: str, state: InstanceState, **fields: Any) -> None:
        """As if everything asked of it so far had ended there."""
        with self.cloud.store.writing() as connection:
            instances.change(connection, ident, **{"state": state, "latest": LatestOperation(), **fields})


def signed_request(
    action: str,
    params: dict[str, Any] | None = None,
    *,
    region: str = REGION,
    version: str = VERSION,
    language: str = "en-US",
    service: str = "cvm",
    host: str = "127.0.0.1:8321",
    secret_id: str = SECRET_ID,
    secret_key: str = SECRET_KEY,
    token: str = "",
    age: str = "0",
    body: str | None = None,
) -> WireRequest:
    """A TC3 request, as the SDK makes it."""
    payload = (json.dumps(params or {}) if body is None else body).encode()
    moment = int(time.time()) - int(age)
    date = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d")
    canonical = (
        f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n"
        f"{hashlib.sha256(payload).hexdigest()}"
    )
    text = f"TC3-HMAC-SHA256\n{moment}\n{date}/{service}/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    headers = {
        "host": host,
        "content-type": "application/json",
        "x-tc-action": action,
        "x-tc-version": version,
        "x-tc-region": region,
        "x-tc-language": language,
        "x-tc-timestamp": str(moment),
        "x-tc-token": token,
        "authorization": (
            f"TC3-HMAC-SHA256 Credential={secret_id}/{date}/{service}/tc3_request, SignedHeaders=content-type;host, "
            f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
        ),
    }
    return WireRequest("POST", "/", "", {name: value for name, value in headers.items() if value}, payload)
