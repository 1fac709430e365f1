"""What a shutdown keeps and what it loses: R8 to R11."""

from __future__ import annotations

from typing import Any

from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import Guest
from vmsim.verify.moment import Moment
from vmsim.verify.proof import Proof, gone

BYTES = 2 * 2**20
_FILE = "/root/verify-data"
_DISK = "/dev/vdb"
_MARKER = "/dev/shm/verify-marker"
_CHANGES = {
    "InstanceState",
    "LatestOperation",
    "LatestOperationState",
    "LatestOperationRequestId",
    "StopChargingMode",
}
"""What DescribeInstances must show otherwise after a stop."""


def storage_stays(guest: Guest, proof: Proof) -> Steps:
    shown = _disks(guest.described[Moment.RUNNING])
    inside = _serials(guest)
    proof.that(list(inside.values()) == shown, f"attached: {', '.join(shown)}")
    yield Moment.STOPPED
    proof.same("DescribeInstances while STOPPED", shown, _disks(guest.described[Moment.STOPPED]))
    defined = guest.outside.virsh("dumpxml", guest.id)
    files = guest.disk_files()
    there = all(str(path) in defined and path.exists() for path in files)
    proof.that(there, f"the domain still has its {len(files)} disks")
    proof.that(all(map(guest.outside.sound, files)), "qemu-img check: clean")
    yield Moment.AGAIN
    proof.same("serial numbers inside", inside, _serials(guest))


def data_are_saved(guest: Guest, proof: Proof) -> Steps:
    """Written and never synced by us: that is the shutdown's work."""
    made = f"head -c {BYTES} /dev/urandom >{_FILE} && dd if={_FILE} of={_DISK} bs=64k 2>/dev/null && sha256sum <{_FILE}"
    written = _first(guest.inside.run(made))
    yield Moment.STOPPED
    data = guest.outside.checksum(guest.disk_files()[1], BYTES)
    proof.that(data == written, f"read from the data disk's file on the host: SHA-256 {data[:12]}…")
    yield Moment.AGAIN
    for name, command in (
        ("system disk", f"sha256sum <{_FILE}"),
        ("data disk", f"head -c {BYTES} {_DISK} | sha256sum"),
    ):
        found = _first(guest.inside.run(command))
        proof.that(found == written, f"{name}: {BYTES // 2**20} MiB with the same SHA-256 {found[:12]}…")


def memory_is_lost(guest: Guest, proof: Proof) -> Steps:
    guest.inside.run(f"echo here >{_MARKER}; grep -q here {_MARKER}")
    before = guest.inside.facts()
    yield Moment.STOPPED
    pid = guest.qemu.pid if guest.qemu else 0
    held = guest.memory_bytes
    proof.that(gone(guest) and held > 0, f"QEMU (pid {pid}) is gone, its {held // 2**20} MiB returned")
    saved = guest.outside.managed_save()
    proof.that(saved == "no", f"managed save: {saved}")
    yield Moment.AGAIN
    proof.that(guest.inside.run(f"ls {_MARKER} 2>/dev/null || true") == "", "the file in tmpfs is gone")
    after = guest.inside.facts()
    new = before["boot_id"] != after["boot_id"]
    proof.that(new, f"boot_id {before['boot_id'][:8]}… is now {after['boot_id'][:8]}…")


def relationships_stay(guest: Guest, proof: Proof) -> Steps:
    before = guest.described[Moment.RUNNING]
    yield Moment.STOPPED
    stopped = differing(before, guest.described[Moment.STOPPED])
    others = stopped - _CHANGES
    proof.that(not others, f"while STOPPED, of {len(before)} members changed besides its state: {_listed(others)}")
    yield Moment.AGAIN
    others = differing(before, guest.described[Moment.AGAIN]) - _CHANGES
    proof.that(not others, f"after the next start: {_listed(others)}")
    kept = ("VirtualPrivateCloud", "SecurityGroupIds", "Tags", "LoginSettings")
    proof.that(set(kept) <= set(before), f"among those compared: {', '.join(kept)}")


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The members that are not equal, or only in one."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _disks(shown: dict[str, Any]) -> list[str]:
    return [shown["SystemDisk"]["DiskId"], *(disk["DiskId"] for disk in shown["DataDisks"])]


def _serials(guest: Guest) -> dict[str, str]:
    """Disk → serial number, which is the disk's id."""
    facts = guest.inside.facts()
    return {name.removeprefix("serial_"): facts[name] for name in sorted(facts) if name.startswith("serial_")}


def _first(line: str) -> str:
    return line.split()[0]


ROWS = (
    Row("R8", "All storage stays connected", storage_stays),
    Row("R9", "All data are saved", data_are_saved),
    Row("R10", "Data in memory is lost", memory_is_lost),
    Row("R11", "Associated services and relationships stay", relationships_stay),
)
