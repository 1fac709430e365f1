"""Tencent's SDKs, unmodified, by every signature and method: each takes an instance through its whole life."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from . import programs
from .homes import RunningHome
from .lives import METHODS, SIGNATURES, Refusal, common_client, program, typed_sdk, wait, whole_life

pytestmark = pytest.mark.guest

ASKING = Path(__file__).parent / "asking"
every_signature_and_method = pytest.mark.parametrize(
    ("signature", "method"), [(signature, method) for signature in SIGNATURES for method in METHODS]
)


@every_signature_and_method
def test_the_sdk_for_python(cloud: RunningHome, signature: str, method: str) -> None:
    whole_life(typed_sdk(cloud, signature, method), cloud)


def test_the_common_client(cloud: RunningHome) -> None:
    whole_life(common_client(cloud, "TC3-HMAC-SHA256", "POST"), cloud)


@every_signature_and_method
def test_the_sdk_for_node(cloud: RunningHome, signature: str, method: str) -> None:
    argv: list[str | Path] = ["node", ASKING / "ask.js"]
    whole_life(program(cloud, argv, signature, method, {"NODE_PATH": str(programs.node_modules())}), cloud)


def test_two_stops_at_the_same_instant(cloud: RunningHome) -> None:
    """Exactly one is accepted, however often it is tried."""
    (made,) = cloud.launch("twice", wait=False)
    ident = made["id"]
    asks = [typed_sdk(cloud, "TC3-HMAC-SHA256", "POST") for _ in range(2)]
    for _ in range(3):
        wait(asks[0], ident, InstanceState="RUNNING", LatestOperationState="SUCCESS")
        together = threading.Barrier(2)
        codes: list[str] = []

        def stop(number: int, together: threading.Barrier = together, codes: list[str] = codes) -> None:
            together.wait()
            try:
                asks[number]("StopInstances", InstanceIds=[ident], StopType="HARD")
                codes.append("")
            except Refusal as refusal:
                codes.append(str(refusal))

        threads = [threading.Thread(target=stop, args=[number]) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted, refused = sorted(codes)
        assert accepted == ""
        assert refused in (
            "UnsupportedOperation.InstanceStateStopping",
            "UnsupportedOperation.InstanceStateStopped",  # the first was done already
        )
        wait(asks[0], ident, InstanceState="STOPPED", LatestOperationState="SUCCESS")
        asks[0]("StartInstances", InstanceIds=[ident])
    wait(asks[0], ident, InstanceState="RUNNING", LatestOperationState="SUCCESS")
    asks[0]("TerminateInstances", InstanceIds=[ident])
