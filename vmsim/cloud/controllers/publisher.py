"""Tells the broker, again and again, which ports are published: it knows nothing after it was killed, and a port that
was somebody else's may be free by now."""

from __future__ import annotations

from vmsim.cloud import doors
from vmsim.cloud.context import Cloud


class Publisher:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def reconcile(self) -> None:
        doors.reconcile(self._cloud)
