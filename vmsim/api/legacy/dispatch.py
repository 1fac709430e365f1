"""The legacy API (v2): one request from its bytes to its envelope, as `api/dispatch.py` is for API 3.0.

Whatever happens the answer is {"code", "message", "codeDesc", …}; a bug is 6000 on the wire and a traceback in the log.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from vmsim.api.dispatch import signed
from vmsim.api.legacy import batch, codes, instances, request, resize, storages
from vmsim.api.legacy.action import LegacyAction, LegacyCall
from vmsim.api.legacy.replay import Nonces
from vmsim.api.request import WireRequest
from vmsim.cloud.context import Cloud
from vmsim.model.errors import UsageError, VmsimError

log = logging.getLogger(__name__)

ACTIONS: Mapping[str, LegacyAction] = {
    "StopInstances": batch.stop,
    "StartInstances": batch.start,
    "RestartInstances": batch.restart,
    "ResetInstancePassword": batch.reset_password,
    "BindInstanceKey": batch.bind_key,
    "ResizeInstance": resize.prepaid,
    "ResizeInstanceHour": resize.hourly,
    "DescribeInstances": instances.describe,
    "DescribeCbsStorages": storages.describe,
}


class LegacyApi:
    """How `/v2/index.php` answers."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._nonces = Nonces()

    def answer(self, wire: WireRequest) -> bytes:
        """The envelope."""
        request_id = str(uuid.uuid4())
        try:
            reply = {"code": 0, "message": "", "codeDesc": "Success", **self._reply(wire, request_id)}
        except VmsimError as error:
            told = codes.told(error)
            if told.code == codes.INTERNAL:
                log.error("legacy request %s failed", request_id, exc_info=error)
            reply = {"code": told.code, "message": told.message, "codeDesc": told.name}
        except Exception:  # a bug must not cost the client its envelope
            log.exception("legacy request %s met a bug", request_id)
            said = f"(InternalError)vmsim met a bug; its log has the request's id. ({request_id[:8]})"
            reply = {"code": codes.INTERNAL, "message": said, "codeDesc": "InternalError"}
        # A lone surrogate can only come from the client's own words; as an escape it is JSON again.
        return json.dumps(reply, ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _reply(self, wire: WireRequest, request_id: str) -> dict[str, Any]:
        asked = request.read(wire)
        nonce = request.nonce(asked)
        caller = signed(self._cloud, wire, asked)
        self._nonces.use(caller.who, nonce, self._cloud.clock.now().timestamp())
        action = ACTIONS.get(asked.action)
        if action is None:
            raise UsageError(
                f"The legacy API has no action {asked.action} here.",
                hint=f"Simulated: {', '.join(ACTIONS)}.",
                code="InvalidAction",
            )
        region = request.full_region(asked.region)
        return action(LegacyCall(self._cloud, region, request_id, caller, request.parameters(wire)))
