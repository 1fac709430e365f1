"""Set a user's password on the stopped guest's disk. Only its hash is ever recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import offline
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host import crypt_hash
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.edits import Edits
from vmsim.model import password
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance

LONGEST_USER_NAME = 64


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    arguments.known(given, "password", "user_name", "rule")
    user = arguments.text(given, "user_name") if given.get("user_name") else ""
    if len(user) > LONGEST_USER_NAME:
        raise UsageError("The user name is longer than 64 characters.", code="InvalidParameterValue.TooLong")
    chosen = arguments.text(given, "password")
    password.check(chosen, user, arguments.choice(given, "rule", password.Rule, password.Rule.RESET))
    return {"user_name": user, "password_hash": crypt_hash.sha512_crypt(chosen)}


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "user_name": given["user_name"] or instance.login_user}


def perform(work: Work) -> Outcome:
    given = work.record.arguments

    def edit(instance: Instance) -> dict[str, Any]:
        work.step("password", "setting the password on the disk")
        edits = Edits(
            password=(given["user_name"], given["password_hash"]),
            password_login=None if instance.key_ids else True,
        )
        atomic.edit(Path(instance.system_disk.path), edits, step=lambda name: work.step(f"password.{name}"))
        own = given["user_name"] == instance.login_user
        return {"password": None, "password_hash": given["password_hash"]} if own else {}

    return offline.perform(work, edit)
