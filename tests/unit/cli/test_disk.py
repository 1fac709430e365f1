from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from local.serving import settle

from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs import kinds

from .conftest import Vmsim

pytestmark = pytest.mark.tools


@pytest.fixture
def worker(cloud: Cloud) -> Iterator[None]:
    """Jobs are done as they are accepted, each in a thread."""
    threads: list[threading.Thread] = []

    def enqueue(ident: str) -> None:
        if ident.startswith("job-"):
            threads.append(threading.Thread(target=kinds.perform, args=(cloud, ident)))
            threads[-1].start()

    cloud.enqueue = enqueue
    yield
    for thread in threads:
        thread.join(10)


@pytest.mark.usefixtures("worker")
def test_the_life_of_a_disk(cloud: Cloud, client: Client, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--no-wait")
    settle(cloud, web)
    assert "no disk" not in vmsim("disk", "list").err, "the system disk is one"
    made = vmsim("disk", "create", "data", "10", "-o", "json").json()["disk"]
    assert (made["name"], made["size_gib"], made["state"]) == ("data", 10, "UNATTACHED")

    said = vmsim("disk", "attach", "data", "web-1", "--delete-with-instance")
    assert said.code == 0 and f"is attached to {web} as vdb." in said.out
    listed = vmsim("disk", "list", "--output", "json").json()["disks"]
    (mine,) = [disk for disk in listed if disk["id"] == made["id"]]
    assert (mine["state"], mine["instance_id"], mine["delete_with_instance"]) == ("ATTACHED", web, True)
    assert f"web-1 ({web})  vdb" in vmsim("disk", "list").out

    assert vmsim("disk", "resize", made["id"], "20G").code == 0
    assert client.get("/v1/disks/data")["disk"]["size_gib"] == 20
    refused = vmsim("disk", "delete", "data")
    assert refused.code == 1 and "ATTACHED" in refused.err
    assert vmsim("disk", "detach", "data").code == 0
    assert "is deleted" in vmsim("disk", "delete", "data").out
    assert [disk["id"] for disk in client.get("/v1/disks")["disks"]] == [
        client.get(f"/v1/instances/{web}")["instance"]["disks"][0]["id"]
    ]


def test_what_is_asked_for_wrongly(vmsim: Vmsim, web: str) -> None:
    assert vmsim("disk", "create", "data").code == 2
    assert vmsim("disk", "create", "data", "much").code == 2
    unknown = vmsim("disk", "attach", "nothing", web)
    assert unknown.code == 1 and "no disk nothing" in unknown.err
    assert vmsim("disk", "create", "copy", "--snapshot", "snap-00000000").code == 1


def test_without_waiting(client: Client, vmsim: Vmsim) -> None:
    said = vmsim("disk", "create", "data", "10", "--no-wait", "-o", "json").json()
    assert said["id"].startswith("disk-")
    assert client.get("/v1/disks")["disks"] == []
