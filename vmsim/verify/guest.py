"""One guest of a cycle: what the API says and does of it, and the ways to look at it inside and outside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmsim.host.process import Process
from vmsim.model.errors import OperationFailed, Refused
from vmsim.verify.inside import Inside, Login
from vmsim.verify.moment import Moment
from vmsim.verify.outside import Outside
from vmsim.verify.stage import Stage

STATE_LIMIT = 90.0
BOOT_LIMIT = 120.0


@dataclass(frozen=True)
class Accepted:
    """An action that the API accepted: its RequestId, and how long the answer took."""

    request_id: str
    seconds: float


@dataclass
class Guest:
    """Lives as long as its cycle."""

    stage: Stage
    id: str
    inside: Inside
    outside: Outside
    described: dict[Moment, dict[str, Any]] = field(default_factory=dict)
    """DescribeInstances at each moment, before any row did something to it."""
    qemu: Process | None = None
    """The process of its first start."""
    memory_bytes: int = 0
    """What that process held before it was stopped."""
    stopped_by: Accepted | None = None

    @classmethod
    def launched(cls, stage: Stage, login: Login, **params: Any) -> Guest:
        """RunInstances, and its process found."""
        placement = {"Zone": stage.api.call("DescribeZones")["ZoneSet"][0]["Zone"]}
        made = stage.api.call("RunInstances", Placement=placement, ImageId=stage.image["ImageId"], **params)
        (ident,) = made["InstanceIdSet"]
        inside = Inside(stage.home, ident, login)
        stage.hang_up.append(inside.hang_up)
        return cls(stage, ident, inside, Outside(stage.lab, ident))

    def describe(self) -> dict[str, Any]:
        found = self.stage.api.call("DescribeInstances", InstanceIds=[self.id])["InstanceSet"]
        if not found:
            raise OperationFailed(f"DescribeInstances no longer knows {self.id}.")
        return dict(found[0])

    def state(self) -> str:
        found = self.stage.api.call("DescribeInstancesStatus", InstanceIds=[self.id])["InstanceStatusSet"]
        return str(found[0]["InstanceState"])

    def act(self, action: str, **params: Any) -> Accepted:
        """An action on this instance. Raises Refused with the API's code."""
        begun = time.monotonic()
        reply = self.stage.api.call(action, InstanceIds=[self.id], **params)
        return Accepted(reply["RequestId"], time.monotonic() - begun)

    def resize(self, disk: dict[str, Any]) -> Accepted:
        """ResizeInstanceDisks, which names its instance in another way."""
        begun = time.monotonic()
        reply = self.stage.api.call("ResizeInstanceDisks", InstanceId=self.id, **disk)
        return Accepted(reply["RequestId"], time.monotonic() - begun)

    def settled(self, state: str) -> None:
        """Wait until the latest operation has ended. Raises OperationFailed unless it succeeded and `state` shows."""
        now: dict[str, Any] = {}

        def ended() -> bool:
            now.update(self.describe())
            return bool(now["LatestOperationState"] != "OPERATING")

        self.stage.until(ended, STATE_LIMIT, f"{self.id}: the end of its operation")
        if now["LatestOperationState"] != "SUCCESS" or now["InstanceState"] != state:
            raise OperationFailed(
                f"{now['LatestOperation']} of {self.id} ended {now['LatestOperationState']} in state "
                f"{now['InstanceState']}: {now['LatestOperationErrorMsg'] or 'no reason given'}"
            )

    def wait_up(self) -> None:
        """Until one can log in."""
        for _ in self.stage.client.stream(f"/v1/instances/{self.id}/readiness", limit=BOOT_LIMIT):
            self.stage.check()

    def record(self) -> dict[str, Any]:
        """The daemon's own record of it, with its disks' files."""
        return dict(self.stage.client.get(f"/v1/instances/{self.id}")["instance"])

    def operations(self, verb: str) -> list[dict[str, Any]]:
        """Its operations of this kind with their evidence, the newest first."""
        found = self.stage.client.get(f"/v1/instances/{self.id}")["operations"]
        return [each for each in found if each["verb"] == verb]

    def disk_files(self) -> list[Path]:
        """System disk first."""
        return [Path(disk["path"]) for disk in self.record()["disks"]]


def refusal(attempt: Any, *words: Any, **params: Any) -> str:
    """The code an action was refused with; "" when it was accepted."""
    try:
        attempt(*words, **params)
    except Refused as error:
        return error.code
    return ""
