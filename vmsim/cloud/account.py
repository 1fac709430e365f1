"""Whose home this is, to every service that says it."""

from __future__ import annotations

from datetime import datetime

from vmsim.cloud.context import Cloud
from vmsim.model.account import Account, account
from vmsim.store import key_pairs

NO_ROLE = "none"


def owner(cloud: Cloud) -> Account:
    """The one account of this home."""
    return account(str(cloud.home.root.resolve()))


def role(cloud: Cloud) -> str:
    """The home's role, which the metadata give keys of; "" where there is none."""
    return "" if cloud.settings.cam_role == NO_ROLE else cloud.settings.cam_role


def role_made(cloud: Cloud) -> datetime:
    """The role is as old as the home, which is as old as its oldest key."""
    with cloud.store.reading() as connection:
        return key_pairs.oldest_api_key_made(connection) or cloud.clock.now()
