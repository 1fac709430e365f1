from __future__ import annotations

import json

from local.serving import settle

from vmsim.client import Client
from vmsim.cloud import state
from vmsim.cloud.context import Cloud
from vmsim.model.operation import Ending, StopEvidence
from vmsim.model.readiness import Rung
from vmsim.store import instances, operations

from .conftest import Vmsim


def test_list(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    assert "128 MiB" in vmsim("list").out
    assert vmsim("list", "-o", "json").json()["instances"][0]["id"] == web
    elsewhere = vmsim("list", "--region", "ap-tokyo")
    assert elsewhere.out == "" and elsewhere.err.startswith("There is no instance in ap-tokyo.")
    with cloud.store.writing() as connection:
        instances.change(connection, web, rung=Rung.KERNEL)
    assert "RUNNING (the kernel is booting)" in vmsim("list").out
    with cloud.store.writing() as connection:
        instances.change(connection, web, paused="I/O error")
    assert "RUNNING (paused: I/O error)" in vmsim("list").out


def test_show_tells_the_evidence_of_the_latest_stop(cloud: Cloud, client: Client, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--no-wait")
    record = client.get(f"/v1/instances/{web}")["operations"][0]["id"]
    stop = StopEvidence(presses=(0.0,), ending=Ending.SHUT_ITSELF_DOWN, shutdown_detail="GUEST").as_json()
    with cloud.store.writing() as connection:
        operations.change(connection, record, evidence={"stop": stop})
    settle(cloud, web, state.Outcome(True, reason="shut itself down"))

    shown = vmsim("show", "web-1").out

    assert "STOPPED: shut itself down" in shown
    assert "The guest shut itself down (libvirt: shutdown by GUEST)." in shown
    assert "keys              vmsim (skey-" in shown
    assert "tiny (img-tiny0000)" in shown and "vda  1 GiB" in shown


def test_show_has_the_serial_log_when_something_failed(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    log = cloud.home.serial_log(web)
    log.parent.mkdir(parents=True)
    log.write_text("Kernel panic\n")
    assert "Kernel panic" not in vmsim("show", "web-1").out
    vmsim("stop", web, "--no-wait")
    settle(cloud, web, state.Outcome(False, error="did not listen"))
    shown = vmsim("show", "web-1").out
    assert "Kernel panic" in shown and "did not listen" in shown


def test_show_has_the_random_password_when_asked(client: Client, vmsim: Vmsim) -> None:
    client.post("/v1/instances", {"name": "pw"})
    password = client.get("/v1/instances/pw", password=1)["instance"]["password"]
    assert password not in vmsim("show", "pw").out
    assert password in vmsim("show", "pw", "--password").out


def test_an_unknown_name_suggests_a_near_one(web: str, vmsim: Vmsim) -> None:
    ran = vmsim("show", "wev-1")
    assert ran.code == 1 and "Did you mean web-1?" in ran.err


def test_events(web: str, vmsim: Vmsim) -> None:
    told = vmsim("events", "web-1").out
    assert "RunInstances accepted" in told and f"web-1 ({web})" in told
    lines = [json.loads(line) for line in vmsim("events", "--output", "json").out.splitlines()]
    assert all(line["instance_id"] == web for line in lines if line["kind"] == "request")
    assert vmsim("events", "nobody").code == 1
    assert vmsim("events", "ins-gone0000").code == 0


def test_stats_need_no_name(cloud: Cloud, vmsim: Vmsim) -> None:
    ran = vmsim("stats", "--help")
    assert "[NAME]..." in ran.out and vmsim("stats").code == 0


def test_stats_of_what_is_not_there(web: str, vmsim: Vmsim) -> None:
    assert vmsim("stats", "nobody").code == 1
    assert vmsim("stats", "web-1", "-o", "json").json() == {"stats": []}


def test_types(vmsim: Vmsim) -> None:
    assert "LAB1.NANO128" in vmsim("type", "list").out
    assert {"name": "S5.SMALL1", "cpu": 1, "memory_mib": 1024} in vmsim("type", "list", "-o", "json").json()["types"]
