"""The daemon is killed at every named step of snapshots, rollbacks and images: what was asked comes about all the same,
and nothing half made is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmsim.host import command

from .cloud_disks import same_bytes, whole
from .crashes import Crasher, at_every_step, crashing_home, is_true, nothing, nothing_left_over
from .homes import BOOT_LIMIT, RunningHome, View, until

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> View:
    """Made once; each test leaves it STOPPED."""
    return crash.stopped_guest()


def followed(cloud: RunningHome, job: View) -> View:
    *_, last = job, *cloud.client.stream(f"/v1/jobs/{job['id']}/follow")
    assert last["state"] == "SUCCESS", last
    return last


def settled(cloud: RunningHome) -> None:
    """Nothing is under way on snapshots and images."""

    def steady() -> bool:
        snapshots = {one["state"] for one in cloud.client.get("/v1/snapshots")["snapshots"]}
        images = {one["state"] for one in cloud.client.get("/v1/images")["images"]}
        return snapshots | images <= {"NORMAL"}

    until(steady, BOOT_LIMIT)


def no_halves(cloud: RunningHome) -> None:
    """Files are those of the records, whole, and no others; one more sweep may still be due."""

    def names(folder: Path, prefix: str) -> set[str]:
        return {path.name for path in folder.glob(f"{prefix}*")}

    snapshots = {f"{one['id']}.qcow2" for one in cloud.client.get("/v1/snapshots")["snapshots"]}
    images = {f"{one['id']}.qcow2" for one in cloud.client.get("/v1/images")["images"] if one["region"]}
    until(lambda: names(cloud.home.snapshots, "snap-") == snapshots)
    until(lambda: names(cloud.home.images, "img-") == images)
    for path in [cloud.home.snapshots / name for name in snapshots] + [cloud.home.images / name for name in images]:
        assert whole(path), path


def jobs_at_every_step(crash: Crasher, ident: str, kind: str, ask: Callable[[int], View]) -> None:
    """Once for its steps, then once for each of them with a kill."""
    cloud = crash.cloud
    steps = [one for one in crash.steps_of(lambda: followed(cloud, ask(0))) if one.startswith(f"{kind}.")]
    assert f"{kind}.accepted" in steps and f"{kind}.settle" in steps
    for number, step in enumerate(steps, 1):
        print(step, flush=True)
        crash.killed_at(step, lambda number=number: ask(number))  # type: ignore[misc]
        settled(cloud)
        until(lambda: cloud.instance(ident)["disks"][0]["state"] == "ATTACHED")
        is_true(cloud, ident)
        nothing_left_over(cloud)
        no_halves(cloud)


def remade(crash: Crasher, disk_id: str, number: int) -> View:
    """A snapshot; those before it go."""
    for one in crash.cloud.client.get("/v1/snapshots")["snapshots"]:
        crash.cloud.client.delete(f"/v1/snapshots/{one['id']}")
    job: View = crash.cloud.client.post("/v1/snapshots", {"disk_id": disk_id, "name": f"round-{number}"})["job"]
    return job


def newest(cloud: RunningHome) -> Path:
    found = cloud.client.get("/v1/snapshots")["snapshots"][0]
    return cloud.home.snapshots / f"{found['id']}.qcow2"


def test_a_snapshot_of_a_stopped_guest(crash: Crasher, guest: View) -> None:
    disk = guest["disks"][0]
    jobs_at_every_step(crash, guest["id"], "create-snapshot", lambda number: remade(crash, disk["id"], number))
    assert same_bytes(newest(crash.cloud), disk["path"])


def test_a_snapshot_of_a_running_guest(crash: Crasher, guest: View) -> None:
    """What the killed daemon had begun in QEMU is given up, and begun again."""
    disk, cloud = guest["disks"][0], crash.cloud
    cloud.do(guest["id"], "start")
    jobs_at_every_step(crash, guest["id"], "create-snapshot", lambda number: remade(crash, disk["id"], number))
    cloud.do(guest["id"], "stop", stop_type="HARD")


def test_a_rollback(crash: Crasher, guest: View) -> None:
    disk, cloud = guest["disks"][0], crash.cloud
    followed(cloud, remade(crash, disk["id"], 0))
    kept = newest(cloud)

    def ask(_number: int) -> View:
        command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 512M 64k", disk["path"]])
        assert not same_bytes(kept, disk["path"])
        job: View = cloud.client.post(f"/v1/snapshots/{kept.stem}/apply", {})["job"]
        return job

    jobs_at_every_step(crash, guest["id"], "rollback-disk", ask)
    assert same_bytes(kept, disk["path"])


def test_a_rollback_that_stops_its_guest(crash: Crasher, guest: View) -> None:
    disk, cloud, ident = guest["disks"][0], crash.cloud, guest["id"]
    followed(cloud, remade(crash, disk["id"], 0))
    kept = newest(cloud)
    cloud.do(ident, "start")

    def ask(_number: int) -> View:
        asked: View = cloud.client.post(f"/v1/snapshots/{kept.stem}/apply", {"stop": True, "start": True})["operation"]
        return asked

    at_every_step(crash, ident, "apply-snapshot", nothing, ask)
    assert cloud.instance(ident)["state"] == "RUNNING"
    settled(cloud)
    no_halves(cloud)
    cloud.do(ident, "stop", stop_type="HARD")


@pytest.mark.parametrize("how", ["stopped", "running", "forced"])
def test_an_image(crash: Crasher, guest: View, how: str) -> None:
    cloud, ident = crash.cloud, guest["id"]
    if how != "stopped":
        cloud.do(ident, "start")

    def fresh(number: int) -> None:
        settled(cloud)
        for one in cloud.client.get("/v1/images")["images"]:
            if one["region"]:
                cloud.client.delete(f"/v1/images/{one['id']}")

    def ask(number: int) -> View:
        body = {"instance": ident, "name": f"{how}-{number}", "power_off": how == "forced"}
        asked: View = cloud.client.post("/v1/images", body)["operation"]
        return asked

    at_every_step(crash, ident, "create-image", fresh, ask)
    settled(cloud)
    no_halves(cloud)
    fresh(0)
    if how != "stopped":
        assert cloud.instance(ident)["state"] == "RUNNING"
        cloud.do(ident, "stop", stop_type="HARD")


def test_an_image_of_snapshots(crash: Crasher, guest: View) -> None:
    cloud = crash.cloud
    followed(cloud, remade(crash, guest["disks"][0]["id"], 0))
    kept = newest(cloud)

    def ask(number: int) -> View:
        image_id = cloud.api("CreateImage", ImageName=f"of-{number}", SnapshotIds=[kept.stem])["ImageId"]
        return {"id": image_id}

    def asked_and_settled() -> None:
        ask(0)
        settled(cloud)

    steps = crash.steps_of(asked_and_settled)
    for number, step in enumerate([one for one in steps if one.startswith("create-image.")], 1):
        crash.killed_at(step, lambda number=number: ask(number))  # type: ignore[misc]
        settled(cloud)
        no_halves(cloud)
    for one in cloud.client.get("/v1/images")["images"]:
        if one["region"]:
            cloud.client.delete(f"/v1/images/{one['id']}")


def test_an_import(crash: Crasher, guest: View, tmp_path: Path) -> None:
    cloud = crash.cloud
    foreign = tmp_path / "disk.raw"
    command.run(["qemu-img", "convert", "-O", "raw", guest["disks"][0]["path"], foreign], timeout=120)

    def ask(number: int) -> View:
        body = {"path": str(foreign), "name": f"import-{number}", "memory_mib": 128}
        job: View = cloud.client.post("/v1/images/import", body)["job"]
        return job

    jobs_at_every_step(crash, guest["id"], "import-image", ask)
    for one in cloud.client.get("/v1/images")["images"]:
        if one["region"]:
            assert same_bytes(cloud.home.images / f"{one['id']}.qcow2", foreign)
            cloud.client.delete(f"/v1/images/{one['id']}")
    no_halves(cloud)


def test_the_guest_still_works(crash: Crasher, guest: View) -> None:
    cloud, ident = crash.cloud, guest["id"]
    cloud.do(ident, "start")
    cloud.wait_up(ident)
    cloud.do(ident, "stop", stop_type="HARD")
    cloud.disk_is_whole(cloud.instance(ident))
