"""The partition table of an exported disk (MBR, GPT, or none), by sfdisk; and growing its last partition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vmsim.host import command
from vmsim.host.guest_disk.block_export import Stretch

_EXTENDED = ("5", "f", "85")
_SECTOR = 512
_FIRST_LOGICAL = 5


@dataclass(frozen=True)
class Partition:
    """One row; number 0 is a disk without a table. `fixed_because` is why it cannot grow, or empty."""

    number: int
    stretch: Stretch
    fixed_because: str


def partitions(disk: Path) -> list[Partition]:
    """All that can hold a file system, in the order of their place on the disk."""
    told = command.run(["sfdisk", "-J", disk], check=False)
    if told.returncode != 0:
        return [Partition(0, Stretch(0, disk.stat().st_size), "")]
    table = json.loads(told.stdout)["partitiontable"]
    sector = table.get("sectorsize", _SECTOR)
    rows = sorted(table.get("partitions", []), key=lambda row: int(row["start"]))
    last = max((int(row["start"]) for row in rows), default=0)
    return [
        Partition(
            _number(row["node"], disk),
            Stretch(int(row["start"]) * sector, int(row["size"]) * sector),
            _fixed_because(_number(row["node"], disk), int(row["start"]) == last, table["label"]),
        )
        for row in rows
        if not (table["label"] == "dos" and row["type"] in _EXTENDED)
    ]


def grow(disk: Path, number: int) -> Partition:
    """Move the partition's end to the disk's; GPT's second table moves too. Harmless when it is there already."""
    options = ["--quiet", "--no-reread", "--no-tell-kernel", "-N", str(number)]
    command.run(["sfdisk", *options, disk], stdin=", +\n")
    return next(partition for partition in partitions(disk) if partition.number == number)


def _number(node: str, disk: Path) -> int:
    """sfdisk names rows after the file: NAME1, or NAMEp1 when the name ends in a digit."""
    return int(node.removeprefix(str(disk)).removeprefix("p"))


def _fixed_because(number: int, is_last: bool, label: str) -> str:
    if not is_last:
        return "another partition lies behind it"
    if label == "dos" and number >= _FIRST_LOGICAL:
        return "it is a logical partition"
    return ""
