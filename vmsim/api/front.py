"""Which API on the TCP port a request is for: metadata by its host, the legacy one by its path, else API 3.0."""

from __future__ import annotations

import logging
from collections.abc import Callable

from vmsim.api.answer import Answer
from vmsim.api.dispatch import Dispatcher, signed
from vmsim.api.legacy.dispatch import LegacyApi
from vmsim.api.legacy.request import is_legacy
from vmsim.api.metadata import outside
from vmsim.api.request import WireRequest
from vmsim.cloud.context import Cloud

log = logging.getLogger(__name__)

Answering = Callable[[WireRequest], Answer]


def front(cloud: Cloud, strict_replies: bool) -> Answering:
    api = Dispatcher(cloud, signed, strict_replies)
    legacy = LegacyApi(cloud)

    def answer(wire: WireRequest) -> Answer:
        if outside.is_metadata(wire):
            return _metadata(cloud, wire)
        return Answer(legacy.answer(wire) if is_legacy(wire) else api.answer(wire))

    return answer


def _metadata(cloud: Cloud, wire: WireRequest) -> Answer:
    try:
        return outside.answer(cloud, wire)
    except Exception:  # a bug must not end the connection
        log.exception("the metadata of %s met a bug", wire.path)
        return Answer(b"vmsim met a bug; its log tells more.\n", 500, "text/plain")
