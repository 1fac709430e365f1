"""The guests that play: how each is launched.

The *kept* one shows what a stop keeps and what it loses, so nothing about it is edited but its password. The *edited*
one gets everything that may be changed only while it is off.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from vmsim.model.password import random_password
from vmsim.verify.guest import Guest
from vmsim.verify.inside import Login
from vmsim.verify.stage import Stage

TINY = "tiny"
DATA_GIB = 10
SLOW_STOP = 2
"""Seconds the tiny guest takes to stop, so that STOPPING can be looked at."""


def kept(stage: Stage) -> Guest:
    """With a password, a public address, a data disk, and whatever else can be kept."""
    password = random_password()
    return Guest.launched(
        stage,
        Login(password=password),
        **_common(stage, "kept"),
        LoginSettings={"Password": password},
        InternetAccessible={"InternetMaxBandwidthOut": 10, "PublicIpAssigned": True},
        TagSpecification=[{"ResourceType": "instance", "Tags": [{"Key": "made-for", "Value": "verify"}]}],
        **_slowly(stage),
    )


def edited(stage: Stage) -> Guest:
    """With a key and a data disk."""
    key = new_key(stage)
    return Guest.launched(
        stage,
        Login(private_key=key["PrivateKey"]),
        **_common(stage, "edited"),
        LoginSettings={"KeyIds": [key["KeyId"]]},
    )


def new_key(stage: Stage) -> dict[str, Any]:
    """CreateKeyPair: KeyId, PrivateKey, PublicKey."""
    name = f"verify_{secrets.token_hex(4)}"
    return dict(stage.api.call("CreateKeyPair", KeyName=name, ProjectId=0)["KeyPair"])


def _common(stage: Stage, name: str) -> dict[str, Any]:
    return {
        "InstanceName": f"verify-{name}",
        "SystemDisk": {"DiskSize": max(stage.image["ImageSize"], 1)},
        "DataDisks": [{"DiskSize": DATA_GIB}],
    }


def _slowly(stage: Stage) -> dict[str, str]:
    if stage.image["ImageName"] != TINY:
        return {}
    return {"UserData": base64.b64encode(f"# vmsim-tiny: slow-stop={SLOW_STOP}\n".encode()).decode()}
