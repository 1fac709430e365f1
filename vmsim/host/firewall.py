"""The lab's filters and public addresses on this machine: `ruleset.py` put in force, as a whole or not at all.

Each public address is a /32 on `lo` of the lab, as are the metadata service's; one that is not listed is unreachable,
not refused: no route leads to it, and the way out does not take it. Only addresses on `lo` that carry our label are
ever touched, and one that is wanted but was put there by somebody else: it becomes ours.

`apply` may be done twice and by many. It does nothing when everything is as it should be, and looks whether it is:
somebody who changes the tables behind our back has them put right again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from ipaddress import IPv4Address

from vmsim.host import command
from vmsim.host.ruleset import TABLE, Situation, ruleset
from vmsim.model.network import METADATA

LABEL = "lo:vmsim"
SINGLE = 32
"""The prefix of one address alone."""


class Firewall:
    """One lab's. The situation is read under its lock: the latest word must be the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = ""
        self._listed = ""

    def apply(self, situation_now: Callable[[], Situation]) -> None:
        """Make it so. Raises CommandFailed; the tables are then as they were before."""
        with self._lock:
            situation = situation_now()
            present, others = _on_lo()
            wanted = {*METADATA, *(pair.public for pair in situation.public)}
            for gone in sorted(present - wanted):
                command.run(["ip", "address", "del", f"{gone}/32", "dev", "lo"])
            self._filter(ruleset(situation))
            for new in sorted(wanted - present):
                if new in others:
                    command.run(["ip", "address", "del", f"{new}/32", "dev", "lo"])
                command.run(["ip", "address", "add", f"{new}/32", "dev", "lo", "label", LABEL])

    def _filter(self, text: str) -> None:
        if text == self._wanted and self._listed == _listed():
            return
        command.run(["nft", "-f", "-"], stdin=text)
        self._wanted, self._listed = text, _listed()


def _listed() -> str:
    """Both tables as nft tells them, without what counts; "" when one is missing."""
    tables = [command.run(["nft", "-s", "list", "table", family, TABLE], check=False) for family in ("inet", "bridge")]
    return "" if any(done.returncode for done in tables) else "".join(done.stdout for done in tables)


def _on_lo() -> tuple[set[IPv4Address], set[IPv4Address]]:
    """With our label, and with another one or none."""
    said = command.run(["ip", "-json", "address", "show", "dev", "lo"]).stdout
    found = [
        (IPv4Address(info["local"]), info.get("label") == LABEL)
        for device in json.loads(said)
        for info in device.get("addr_info", ())
        if info["family"] == "inet" and info["prefixlen"] == SINGLE
    ]
    return {address for address, ours in found if ours}, {address for address, ours in found if not ours}
