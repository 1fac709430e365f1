"""The daemon is killed at every named step of every job on a disk, with a running guest and a stopped one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from . import disks
from .crashes import Crasher, crashing_home, is_true, nothing_left_over
from .homes import View, until

pytestmark = pytest.mark.guest

Act = Callable[[], object]


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def stopped(crash: Crasher) -> str:
    return str(crash.stopped_guest()["id"])


@pytest.fixture(scope="module")
def running(crash: Crasher) -> str:
    """Up, so that it lets disks go."""
    (made,) = crash.cloud.launch("up")
    return str(made["id"])


def job(crash: Crasher, path: str, **body: object) -> View:
    asked: View = crash.cloud.client.post(path, body)
    return asked


def at_every_step(crash: Crasher, kind: str, before: Act, act: Act, after: Act) -> list[str]:
    """Once for its steps, then once for each with a kill there; `after` waits for the end and looks."""
    before()

    def whole() -> None:
        act()
        after()

    steps = [step for step in crash.steps_of(whole) if step.startswith(f"{kind}.")]
    assert {f"{kind}.accepted", f"{kind}.settle"} <= set(steps), steps
    for step in steps:
        before()
        print(step, flush=True)
        crash.killed_at(step, act)
        after()
        nothing_left_over(crash.cloud)
    return steps


def test_create_and_delete(crash: Crasher) -> None:
    cloud = crash.cloud

    def names() -> list[str]:
        return [each["name"] for each in cloud.client.get("/v1/disks")["disks"]]

    def deleted() -> int:
        told = (event["text"] for event in cloud.client.events() if event["kind"] == "job")
        return sum(text.startswith("delete-disk of ") for text in told)

    done = 0

    def gone() -> None:
        """The record went with the request; its file has gone when the job has ended."""
        nonlocal done
        until(lambda: deleted() > done)
        done = deleted()
        assert "new" not in names()

    def remove() -> None:
        if "new" in names():
            cloud.client.delete("/v1/disks/new")
            gone()

    steps = at_every_step(
        crash,
        "create-disk",
        remove,
        lambda: job(crash, "/v1/disks", name="new", size_gib=10),
        lambda: until(lambda: "new" in names()),
    )
    assert "create-disk.file" in steps

    def make() -> None:
        if "new" not in names():
            job(crash, "/v1/disks", name="new", size_gib=10)
            until(lambda: "new" in names())

    at_every_step(crash, "delete-disk", make, lambda: cloud.client.delete("/v1/disks/new"), gone)


@pytest.mark.parametrize("which", ["stopped", "running"])
def test_attach_resize_and_detach(crash: Crasher, which: str, request: pytest.FixtureRequest) -> None:
    cloud, instance = crash.cloud, str(request.getfixturevalue(which))
    ident = disks.created(cloud)
    path = f"/v1/disks/{ident}"
    size = 10

    def is_(state: str) -> Act:
        def check() -> None:
            found = disks.settled(cloud, ident)
            assert found["DiskState"] == state and found["DiskSize"] == size, found
            is_true(cloud, instance)
            if which == "running":
                until(lambda: bool(disks.device(cloud, instance, ident)) == (state == "ATTACHED"))

        return check

    def ensure(state: str) -> Act:
        def change() -> None:
            now = disks.settled(cloud, ident)["DiskState"]
            if now != state:
                verb, body = ("attach", {"instance": instance}) if state == "ATTACHED" else ("detach", {})
                job(crash, f"{path}/{verb}", **body)
                is_(state)()

        return change

    at_every_step(
        crash,
        "attach-disk",
        ensure("UNATTACHED"),
        lambda: job(crash, f"{path}/attach", instance=instance),
        is_("ATTACHED"),
    )

    def grow() -> None:
        nonlocal size
        size += 10
        job(crash, f"{path}/resize", size_gib=size)

    at_every_step(crash, "resize-disk", ensure("ATTACHED"), grow, is_("ATTACHED"))
    at_every_step(crash, "detach-disk", ensure("ATTACHED"), lambda: job(crash, f"{path}/detach"), is_("UNATTACHED"))
    cloud.client.delete(path)


def test_terminate_with_a_disk_that_stays(crash: Crasher) -> None:
    """The disk is there whatever step the daemon died at, and nothing else is."""
    cloud = crash.cloud
    made: list[str] = []

    def launch() -> None:
        rows = [{"size_gib": 10, "delete_with_instance": False}, {"size_gib": 10}]
        (found,) = cloud.launch("mortal", wait=False, data_disks=rows)
        cloud.do(found["id"], "stop", stop_type="HARD")
        made.append(found["id"])

    def gone() -> None:
        until(lambda: made[-1] not in {each["id"] for each in cloud.client.get("/v1/instances")["instances"]})
        (left,) = [each for each in cloud.client.get("/v1/disks")["disks"] if each["last_instance_id"] == made[-1]]
        assert (left["state"], left["path"]) == ("UNATTACHED", str(cloud.home.disks / f"{left['id']}.qcow2"))
        nothing_left_over(cloud)

    steps = at_every_step(crash, "terminate", launch, lambda: cloud.ask(made[-1], "terminate"), gone)
    assert "terminate.keep" in steps
