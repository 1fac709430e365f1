from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from local.serving import booted, settle, until

from vmsim.client import Client
from vmsim.cloud import instances, state
from vmsim.cloud.context import Cloud
from vmsim.model.lifecycle import InstanceState, OperationState

from .conftest import Vmsim


def _when_operating(cloud: Cloud, instance_id: str, then: Callable[[], None]) -> threading.Thread:
    """Do what the worker would, as soon as an operation is under way."""

    def work() -> None:
        until(lambda: instances.get(cloud, instance_id).latest.state is OperationState.OPERATING)
        then()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_stop_waits_and_says_how_it_ended(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    worker = _when_operating(cloud, web, lambda: settle(cloud, web))
    ran = vmsim("stop", "web-1")
    worker.join()
    assert ran.code == 0
    assert ran.out.startswith(f"web-1 ({web}): stopped")


def test_a_failure_gives_its_reason_and_1(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    failed = state.Outcome(False, error="it does not listen")
    worker = _when_operating(cloud, web, lambda: settle(cloud, web, failed))
    ran = vmsim("stop", web, "--limit", "1")
    worker.join()
    assert ran.code == 1 and ran.out == "" and "it does not listen" in ran.err


def test_several_each_have_their_line_and_the_code_is_3(web: str, vmsim: Vmsim) -> None:
    ran = vmsim("stop", "nobody", "web-1", "web-1", web, "--no-wait")
    assert ran.code == 3
    assert ran.err.startswith("nobody: There is no instance nobody")
    assert ran.out.count("asked to stop") == 1


def test_json_has_one_object_for_each(web: str, vmsim: Vmsim) -> None:
    ran = vmsim("stop", "web-1", "nobody", "--no-wait", "--output", "json")
    first, second = ran.json()["results"]
    assert first["ok"] and first["id"] == web and first["operation"]["verb"] == "stop"
    assert not second["ok"] and second["error"]["kind"] == "NotFound"


def test_all_takes_those_for_which_it_is_possible(cloud: Cloud, client: Client, web: str, vmsim: Vmsim) -> None:
    client.post("/v1/instances", {"name": "pending", "default_key": True})
    ran = vmsim("stop", "--all", "--no-wait")
    assert ran.code == 0 and "web-1" in ran.out and "pending" not in ran.out
    assert vmsim("start", "--all").err == "There is no instance to start.\n"


def test_the_options_reach_the_cloud(client: Client, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--soft-first", "--limit", "7", "--stop-charging", "--no-wait")
    (stop, _) = client.get(f"/v1/instances/{web}")["operations"]
    wanted = {"stop_type": "SOFT_FIRST", "stopped_mode": "STOP_CHARGING", "limit": 7.0}
    assert wanted.items() <= stop["arguments"].items()


def test_hard_cuts_a_stop_under_way_short(cloud: Cloud, client: Client, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--no-wait")
    again = vmsim("stop", web, "--no-wait")
    assert again.code == 1 and "STOPPING" in again.err
    # There is no domain in the test driver, so the plug itself cannot be pulled: what counts is what was asked.
    vmsim("stop", web, "--hard", "--no-wait")
    assert client.get(f"/v1/instances/{web}")["operations"][0]["escalated"]


def test_start_waits_for_the_login(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--no-wait")
    settle(cloud, web)
    worker = _when_operating(cloud, web, lambda: booted(cloud, web))
    ran = vmsim("start", "web-1")
    worker.join()
    assert ran.code == 0 and "running, the guest is up" in ran.out
    assert "the guest is up" in ran.err


def test_reboot(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    worker = _when_operating(cloud, web, lambda: booted(cloud, web))
    ran = vmsim("reboot", "web-1", "--hard")
    worker.join()
    assert ran.code == 0 and "rebooted" in ran.out


def test_terminate_asks_unless_told_not_to(
    cloud: Cloud, web: str, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = vmsim("terminate", "web-1")
    assert ran.code == 2 and "--yes" in ran.err
    assert instances.get(cloud, web).state is InstanceState.RUNNING
    monkeypatch.setattr("vmsim.cli.terminate.interactive", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text: "n")
    assert vmsim("terminate", "web-1").code == 130
    assert instances.get(cloud, web).state is InstanceState.RUNNING
    assert vmsim("terminate", "web-1", "--yes", "--no-wait").code == 0
    assert instances.get(cloud, web).state is InstanceState.TERMINATING


def test_a_prepaid_one_goes_to_the_recycle_bin(cloud: Cloud, client: Client, vmsim: Vmsim) -> None:
    body = {"name": "paid", "charge_type": "PREPAID", "prepaid_months": 1, "default_key": True}
    ident = client.post("/v1/instances", body)["instances"][0]["id"]
    booted(cloud, ident)
    assert "in advance, until" in vmsim("show", "paid").out
    asked = client.post(f"/v1/instances/{ident}/operations", {"verb": "terminate", "arguments": {}})["operation"]
    assert asked["verb"] == "isolate"
    settle(cloud, ident, state.Outcome(True, changes={"isolated_source": "MANMADE", "isolated_at": cloud.clock.now()}))
    shown = vmsim("show", "paid").out
    assert "SHUTDOWN" in shown and "it was terminated" in shown


def test_protect(client: Client, web: str, vmsim: Vmsim) -> None:
    assert "is protected" in vmsim("protect", "web-1").out
    refused = vmsim("terminate", "web-1", "--yes")
    assert refused.code == 1 and "protected against termination" in refused.err
    assert "cannot be terminated" in vmsim("show", "web-1").out
    assert vmsim("unprotect", "web-1").code == 0
    assert vmsim("terminate", "web-1", "--yes", "--no-wait").code == 0
    assert vmsim("protect").code == 2
