"""What a stop left on the disk."""

from __future__ import annotations

import logging
from pathlib import Path

from vmsim.cloud.work import Work
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.glance import glance
from vmsim.model.errors import VmsimError
from vmsim.model.instance import Instance

log = logging.getLogger(__name__)


def file_system_left(work: Work, instance: Instance) -> str:
    """ "clean", "dirty" or "unknown", kept as evidence."""
    try:
        disk = Path(instance.system_disk.path)
        facts = glance(disk) or atomic.inspect(disk)
        word = "unknown" if facts.clean is None else "clean" if facts.clean else "dirty"
    except (VmsimError, OSError) as error:
        log.info("%s: file system not read: %s", instance.id, error)
        word = "unknown"
    current = work.current().evidence.get("stop", {})
    work.evidence(stop={**current, "file_system": word})
    return word
