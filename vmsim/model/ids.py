"""Ids as the cloud makes them: a prefix and eight of [a-z0-9]."""

from __future__ import annotations

import re
import secrets
import string
import uuid

from vmsim.model.errors import Malformed

_ALPHABET = string.ascii_lowercase + string.digits
_CODES = {
    "ins": "InvalidParameterValue.InstanceIdMalformed",
    "skey": "InvalidKeyPairId.Malformed",
    "img": "InvalidImageId.Malformed",
    "sg": "InvalidSgId.Malformed",
    "vpc": "InvalidParameterValue.Malformed",
    "subnet": "InvalidParameterValue.Malformed",
    "rtb": "InvalidParameterValue.Malformed",
    "eni": "InvalidParameterValue.Malformed",
    "eip": "InvalidParameterValue.AddressIdMalformed",
}
NOUNS = {
    "ins": "instance",
    "skey": "key pair",
    "img": "image",
    "disk": "disk",
    "snap": "snapshot",
    "vpc": "VPC",
    "subnet": "subnet",
    "rtb": "route table",
    "eni": "network interface",
    "eip": "EIP",
    "sg": "security group",
}


def new(prefix: str) -> str:
    """A fresh id, for instance `ins-3k9x0q2a`."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


def derived(prefix: str, name: str) -> str:
    """The same id for the same name on every machine (images, zones)."""
    number = uuid.uuid5(uuid.NAMESPACE_DNS, f"{prefix}.{name}.vmsim").int
    letters = []
    for _ in range(8):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return f"{prefix}-" + "".join(letters)


def is_id(prefix: str, text: str) -> bool:
    return re.fullmatch(rf"{prefix}-[0-9a-z]{{8}}", text) is not None


def check(prefix: str, text: str) -> str:
    """The id itself. Raises Malformed when it cannot be one."""
    if not is_id(prefix, text):
        raise Malformed(
            f"{text!r} is no {NOUNS.get(prefix, prefix)} id: that is {prefix}- and eight of a-z and 0-9.",
            code=_CODES.get(prefix, "InvalidParameterValue"),
        )
    return text


def new_uuid() -> str:
    return str(uuid.uuid4())
