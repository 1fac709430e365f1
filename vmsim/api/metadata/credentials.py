"""A role's keys, as the metadata tell them."""

from __future__ import annotations

import json

from vmsim.api.times import iso
from vmsim.cloud import temporary_keys
from vmsim.cloud.context import Cloud


def as_told(cloud: Cloud, role: str) -> str:
    """JSON, with the key of now."""
    key = temporary_keys.of_role(cloud, role)
    return json.dumps(
        {
            "TmpSecretId": key.secret_id,
            "TmpSecretKey": key.secret_key,
            "ExpiredTime": int(key.expires.timestamp()),
            "Expiration": iso(key.expires),
            "Token": key.token,
            "Code": "Success",
        }
    )
