"""Which file does which verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.operations import (
    apply_snapshot,
    associate_keys,
    create_image,
    disassociate_keys,
    isolate,
    modify,
    reboot,
    reinstall,
    reset_password,
    reset_type,
    resize_disk,
    resize_online,
    run,
    start,
    stop,
    terminate,
)
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import Verb

Arguments = dict[str, Any]


@dataclass(frozen=True)
class VerbFile:
    """What a file of this folder has. `check` returns the arguments as they are recorded for this instance."""

    prepare: Callable[[Cloud, Arguments], Arguments]
    check: Callable[[Cloud, Connection, Instance, Arguments], Arguments]
    perform: Callable[[Work], Outcome]


VERBS = {
    Verb.RUN: VerbFile(run.prepare, run.check, run.perform),
    Verb.START: VerbFile(start.prepare, start.check, start.perform),
    Verb.STOP: VerbFile(stop.prepare, stop.check, stop.perform),
    Verb.REBOOT: VerbFile(reboot.prepare, reboot.check, reboot.perform),
    Verb.TERMINATE: VerbFile(terminate.prepare, terminate.check, terminate.perform),
    Verb.RESET_TYPE: VerbFile(reset_type.prepare, reset_type.check, reset_type.perform),
    Verb.RESIZE_DISK: VerbFile(resize_disk.prepare, resize_disk.check, resize_disk.perform),
    Verb.RESET_PASSWORD: VerbFile(reset_password.prepare, reset_password.check, reset_password.perform),
    Verb.ASSOCIATE_KEYS: VerbFile(associate_keys.prepare, associate_keys.check, associate_keys.perform),
    Verb.DISASSOCIATE_KEYS: VerbFile(disassociate_keys.prepare, disassociate_keys.check, disassociate_keys.perform),
    Verb.RESIZE_ONLINE: VerbFile(resize_online.prepare, resize_online.check, resize_online.perform),
    Verb.MODIFY: VerbFile(modify.prepare, modify.check, modify.perform),
    Verb.REINSTALL: VerbFile(reinstall.prepare, reinstall.check, reinstall.perform),
    Verb.ISOLATE: VerbFile(isolate.prepare, isolate.check, isolate.perform),
    Verb.CREATE_IMAGE: VerbFile(create_image.prepare, create_image.check, create_image.perform),
    Verb.APPLY_SNAPSHOT: VerbFile(apply_snapshot.prepare, apply_snapshot.check, apply_snapshot.perform),
}
