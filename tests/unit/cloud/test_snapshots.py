"""The worker's part on disks at rest, and what housekeeping removes. Running guests: tests/integration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_fixture import CALLER, REGION, launched, now
from vmsim.cloud import disk_copies, image_removal, progress, snapshots
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers.housekeeping import Housekeeping
from vmsim.cloud.jobs import kinds
from vmsim.host import command, qcow2
from vmsim.model.disk import Disk, DiskState, Snapshot, SnapshotState
from vmsim.model.lifecycle import OperationState
from vmsim.store import disks
from vmsim.store import snapshots as store

pytestmark = pytest.mark.tools

MIB = 2**20


class Killed(BaseException):
    """The daemon dies here."""


@pytest.fixture
def disk(cloud: Cloud) -> Disk:
    """Of a stopped instance, with something on it."""
    found = launched(cloud).system_disk
    Path(found.path).parent.mkdir(parents=True)
    qcow2.create_empty(Path(found.path), found.size_gib * 2**30)
    write(found, 7)
    return found


def write(disk: Disk, pattern: int) -> None:
    command.run(["qemu-io", "-f", "qcow2", "-c", f"write -P {pattern} 0 1M", disk.path])


def has(path: Path | str, pattern: int) -> bool:
    done = command.run(["qemu-io", "-r", "-f", "qcow2", "-c", f"read -P {pattern} 0 1M", path], check=False)
    return done.returncode == 0 and "Pattern verification failed" not in done.stdout


def asked(cloud: Cloud, disk: Disk, days: int = 0) -> tuple[Snapshot, str]:
    deadline = cloud.clock.now() + timedelta(days=days, hours=1) if days else None
    made, job = snapshots.create(cloud, REGION, disk.id, deadline=deadline, caller=CALLER, request_id="asked")
    return made, job.id


def made(cloud: Cloud, disk: Disk, days: int = 0) -> Snapshot:
    found, job_id = asked(cloud, disk, days)
    kinds.perform(cloud, job_id)
    assert progress.job(cloud, job_id).state is OperationState.SUCCESS, progress.job(cloud, job_id).error
    return current(cloud, found.id)


def current(cloud: Cloud, ident: str) -> Snapshot:
    with cloud.store.reading() as connection:
        found = store.one(connection, ident)
    assert found is not None
    return found


def gone(cloud: Cloud, ident: str) -> bool:
    with cloud.store.reading() as connection:
        return store.one(connection, ident) is None


def dies_at(cloud: Cloud, step: str, work: Callable[[], object]) -> None:
    def reached(name: str) -> None:
        if name == step:
            raise Killed

    cloud.reached = reached
    with pytest.raises(Killed):
        work()
    cloud.reached = lambda _step: None


def test_a_snapshot_goes_back_onto_its_disk(cloud: Cloud, disk: Disk) -> None:
    snapshot = made(cloud, disk)
    assert (snapshot.state, snapshot.percent, has(snapshot.path, 7)) == (SnapshotState.NORMAL, 100, True)
    write(disk, 8)
    job = snapshots.roll_back(cloud, REGION, snapshot.id, disk.id, caller=CALLER, request_id="asked")
    kinds.perform(cloud, job.id)
    assert progress.job(cloud, job.id).state is OperationState.SUCCESS
    assert has(disk.path, 7) and current(cloud, snapshot.id).state is SnapshotState.NORMAL
    assert now(cloud, disk.instance_id).system_disk.state is DiskState.ATTACHED


def test_an_interrupted_edit_is_finished_before_a_rollback(cloud: Cloud, disk: Disk) -> None:
    """Else it would be committed into the disk that was put back."""
    snapshot = made(cloud, disk)
    edit = Path(disk.path + ".commit")
    qcow2.create_overlay(edit, Path(disk.path))
    command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 9 0 1M", edit])
    job = snapshots.roll_back(cloud, REGION, snapshot.id, disk.id, caller=CALLER, request_id="asked")
    kinds.perform(cloud, job.id)
    assert not edit.exists() and has(disk.path, 7)


def test_a_disk_that_is_gone_fails_its_snapshot(cloud: Cloud, disk: Disk) -> None:
    snapshot, job_id = asked(cloud, disk)
    with cloud.store.writing() as connection:
        disks.remove(connection, disk.id)
    kinds.perform(cloud, job_id)
    assert progress.job(cloud, job_id).state is OperationState.FAILED
    assert gone(cloud, snapshot.id)


def test_a_failed_rollback_leaves_disk_and_snapshot_as_they_were(cloud: Cloud, disk: Disk) -> None:
    snapshot = made(cloud, disk)
    Path(snapshot.path).write_bytes(b"no image")
    job = snapshots.roll_back(cloud, REGION, snapshot.id, disk.id, caller=CALLER, request_id="asked")
    kinds.perform(cloud, job.id)
    assert progress.job(cloud, job.id).state is OperationState.FAILED
    assert has(disk.path, 7) and not disk_copies.half(Path(disk.path)).exists()
    assert current(cloud, snapshot.id).state is SnapshotState.NORMAL
    assert now(cloud, disk.instance_id).system_disk.state is DiskState.ATTACHED


def test_a_snapshot_goes_when_its_time_is_over(cloud: Cloud, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "vmsim.cloud.firewall.apply", lambda _cloud, **_: None
    )  # it would change this machine's filters
    kept, expiring = made(cloud, disk), made(cloud, disk, days=1)
    housekeeping = Housekeeping(cloud)
    housekeeping.reconcile()
    assert not gone(cloud, expiring.id)
    cloud.clock.advance(2 * 86400)  # type: ignore[attr-defined]
    housekeeping.reconcile()
    assert gone(cloud, expiring.id) and not Path(expiring.path).exists()
    assert not gone(cloud, kept.id) and Path(kept.path).exists()


def test_what_a_crash_left_of_deleted_ones_is_swept(cloud: Cloud, disk: Disk) -> None:
    snapshot = made(cloud, disk)
    dies_at(cloud, "delete-snapshots.recorded", lambda: snapshots.delete(cloud, REGION, [snapshot.id]))
    assert Path(snapshot.path).exists()
    image_removal.sweep(cloud)
    assert not Path(snapshot.path).exists()


def test_the_file_of_a_deleted_image_stays_while_a_disk_is_backed_by_it(cloud: Cloud, disk: Disk) -> None:
    cloud.home.images.mkdir()
    file = cloud.home.images / "img-00000001.qcow2"
    qcow2.create_empty(file, MIB)
    clone = Path(disk.path).with_name("disk-00000001.qcow2")
    qcow2.create_overlay(clone, file)
    image_removal.sweep(cloud)
    assert file.exists()
    clone.unlink()
    image_removal.sweep(cloud)
    assert not file.exists()
