"""A key of the API: who may ask. Its secret is no part of it, so it cannot be shown by mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ApiKey:
    """`name` is for people and names one key only."""

    secret_id: str
    name: str
    enabled: bool
    created: datetime
