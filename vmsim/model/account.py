"""The account that a home stands for: one main account, whose numbers never change while the home stays where it is.

Clients ask for it to build names of resources (`qcs::cvm:ap-guangzhou:uin/…`) and to check that they are in the right
place; so it must be one and the same to every service, key and session.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_SMALLEST_UIN = 100_000_000_000
_SMALLEST_APP_ID = 1_250_000_000
_SMALLEST_ROLE = 4_611_686_018_427_387_904
_SPREAD = 100_000_000


@dataclass(frozen=True)
class Account:
    """Uin and AppId in the cloud's own ranges."""

    uin: int
    app_id: int

    @property
    def arn(self) -> str:
        """As the published examples of GetCallerIdentity write it."""
        return f"qcs::cam:{self.uin}:uin/{self.uin}"

    def role_id(self, role: str) -> str:
        """The number of a role of this account, as long as the cloud's."""
        return str(_SMALLEST_ROLE + _number(f"{self.uin} {role}"))


def account(seed: str) -> Account:
    """The account of a home, by the home's path."""
    number = _number(seed)
    return Account(_SMALLEST_UIN + number, _SMALLEST_APP_ID + number)


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % _SPREAD
