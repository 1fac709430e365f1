"""What may be changed only while the instance is off: R2 to R5. Refused first, and nothing changed by that."""

from __future__ import annotations

from collections.abc import Mapping

from vmsim.model.instance_types import TYPES, InstanceType
from vmsim.model.password import random_password
from vmsim.verify.cast import new_key
from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import Guest, refusal
from vmsim.verify.inside import Login
from vmsim.verify.moment import Moment
from vmsim.verify.proof import Proof, words

SECTOR = 512
GIB = 2**30
SYSTEM_GROWTH = 1
DATA_STEP = 10


def cpu_and_memory(guest: Guest, proof: Proof) -> Steps:
    before = _size(guest)
    old = TYPES[guest.described[Moment.RUNNING]["InstanceType"]]
    new = larger(old)
    proof.refused("ResetInstancesType", refusal(guest.act, "ResetInstancesType", InstanceType=new.name))
    proof.same("CPUs and KiB of memory inside", before, _size(guest))
    yield Moment.STOPPED
    guest.act("ResetInstancesType", InstanceType=new.name)
    guest.settled("STOPPED")
    yield Moment.AGAIN
    cpus, memory = _size(guest)
    proof.that(cpus == new.cpu, f"{new.name}: the guest sees {cpus} CPU (before: {before[0]})")
    grown = (memory - before[1]) / 1024
    # A kernel keeps a little of each MiB for its own tables.
    enough = 0.9 * (new.memory_mib - old.memory_mib) <= grown <= new.memory_mib - old.memory_mib
    proof.that(enough, f"and {memory // 1024} MiB of memory (before: {before[1] // 1024})")


def disk_size(guest: Guest, proof: Proof) -> Steps:
    shown = guest.described[Moment.RUNNING]
    system, data = shown["SystemDisk"], shown["DataDisks"][0]
    grow_system = {"SystemDisk": {"DiskSize": system["DiskSize"] + SYSTEM_GROWTH}}
    grow_data = {"DataDisks": [{"DiskId": data["DiskId"], "DiskSize": data["DiskSize"] + DATA_STEP}]}
    before = guest.inside.facts()
    for name, disk in (("system", grow_system), ("data", grow_data)):
        proof.refused(f"ResizeInstanceDisks of the {name} disk", refusal(guest.resize, disk))
    proof.same("GiB inside", _gib(before), _gib(guest.inside.facts()))
    yield Moment.STOPPED
    for disk in (grow_system, grow_data):
        guest.resize(disk)
        guest.settled("STOPPED")
    wanted = (system["DiskSize"] + SYSTEM_GROWTH, data["DiskSize"] + DATA_STEP)
    on_host = tuple(guest.outside.virtual_size(path) // GIB for path in guest.disk_files())
    proof.that(on_host == wanted, f"qemu-img: {words(on_host)} GiB")
    yield Moment.AGAIN
    after = guest.inside.facts()
    proof.that(_gib(after) == wanted, f"the guest sees {words(_gib(after))} GiB (before: {words(_gib(before))})")
    mib = [int(facts["root_kib"]) // 1024 for facts in (before, after)]
    proof.that(mib[1] - mib[0] > 0.8 * 1024 * SYSTEM_GROWTH, f"its root file system {mib[1]} MiB (before: {mib[0]})")


def password(guest: Guest, proof: Proof) -> Steps:
    old, new = guest.inside.login, Login(password=random_password())
    proof.refused("ResetInstancesPassword", refusal(guest.act, "ResetInstancesPassword", Password=new.password))
    proof.that(
        guest.inside.accepts(old) and not guest.inside.accepts(new), "the old one still gets in, the new one not"
    )
    yield Moment.STOPPED
    guest.act("ResetInstancesPassword", Password=new.password)
    guest.settled("STOPPED")
    guest.inside.relogin(new)
    yield Moment.AGAIN
    proof.that(not guest.inside.accepts(old), "after the next start the old one is refused")
    proof.that(guest.inside.accepts(new), "the new one gets in")


def key(guest: Guest, proof: Proof) -> Steps:
    made = new_key(guest.stage)
    old, new = guest.inside.login, Login(private_key=made["PrivateKey"])
    before = guest.inside.run("cat ~/.ssh/authorized_keys")
    code = refusal(guest.act, "AssociateInstancesKeyPairs", KeyIds=[made["KeyId"]])
    proof.refused("AssociateInstancesKeyPairs", code)
    unchanged = guest.inside.run("cat ~/.ssh/authorized_keys") == before and not guest.inside.accepts(new)
    proof.that(unchanged, "authorized_keys unchanged, the new key does not get in")
    yield Moment.STOPPED
    guest.act("AssociateInstancesKeyPairs", KeyIds=[made["KeyId"]])
    guest.settled("STOPPED")
    guest.inside.relogin(new)
    yield Moment.AGAIN
    proof.that(not guest.inside.accepts(old), "after the next start the old key is refused")
    proof.that(guest.inside.accepts(new), "the new key gets in")
    bound = guest.inside.run("cat ~/.ssh/authorized_keys").split()
    proof.that(made["PublicKey"].split()[1] in bound, "authorized_keys holds it")
    proof.that(not guest.inside.accepts(Login(password=random_password())), "a password is not taken over SSH")


def larger(kind: InstanceType) -> InstanceType:
    """The smallest type with more of both."""
    more = [each for each in TYPES.values() if each.cpu > kind.cpu and each.memory_mib > kind.memory_mib]
    return min(more, key=lambda each: (each.memory_mib, each.cpu, each.name))


def _size(guest: Guest) -> tuple[int, int]:
    facts = guest.inside.facts()
    return int(facts["cpus"]), int(facts["memory_kib"])


def _gib(facts: Mapping[str, str]) -> tuple[int, ...]:
    return tuple(int(facts[f"sectors_{disk}"]) * SECTOR // GIB for disk in ("vda", "vdb"))


ROWS = (
    Row("R2", "CPU and memory change only while it is off", cpu_and_memory),
    Row("R3", "Disk sizes change only while it is off", disk_size),
    Row("R5", "A key is loaded only while it is off", key),
)
PASSWORD_ROWS = (Row("R4", "The password changes only while it is off", password),)
