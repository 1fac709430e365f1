"""Whose home this is, to every service that says it."""

from __future__ import annotations

from vmsim.cloud.context import Cloud
from vmsim.model.account import Account, account


def owner(cloud: Cloud) -> Account:
    """The one account of this home."""
    return account(str(cloud.home.root.resolve()))
