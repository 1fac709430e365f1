"""How the services are asked that programs call on their way, and what tests of them share."""

from __future__ import annotations

from typing import Any

from vmsim.api import spec
from vmsim.api.error_codes import COMMON

from .wire import REGION, Api

VERSIONS = {name: spec.service(name).version for name in ("sts", "tag", "monitor", "cam")}
GONE = "ins-00000000"


def ok(api: Api, service: str, action: str, **params: Any) -> dict[str, Any]:
    return api.ok(action, params, service=service, version=VERSIONS[service])


def code(api: Api, service: str, action: str, **params: Any) -> str:
    found = api.code(action, params, service=service, version=VERSIONS[service])
    assert not found or found in spec.error_list(service, action) | COMMON
    return found


def name(ident: str, owner: str = "", kind: str = "instance", region: str = REGION) -> str:
    return f"qcs::cvm:{region}:uin/{owner}:{kind}/{ident}"
