"""Each instance by itself: good ones proceed, bad ones get their reason, the outer code says how it went for all."""

from __future__ import annotations

import uuid

import pytest

from cloud_fixture import launched, now, put, settled
from vmsim.cloud import key_pairs
from vmsim.cloud.context import Cloud
from vmsim.cloud.operations_log import operations_of
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, OperationState, Verb

from .legacy_wire import SECRET_ID, LegacyClient, ids

STATUS = "OperationConstraints.InvaildInstanceStatus"
ABSENT = "ins-00000000"


def test_the_running_one_of_two_stops(client: LegacyClient, cloud: Cloud) -> None:
    running, stopped = launched(cloud, InstanceState.RUNNING), launched(cloud)
    reply = client.call("StopInstances", ids(running.id, stopped.id))
    assert (reply["code"], reply["codeDesc"]) == (5400, "OperationFail.SomeResourceOpFailed")
    good, bad = reply["detail"][running.id], reply["detail"][stopped.id]
    assert (good["code"], good["message"]) == (0, "") and good["requestId"].isdecimal()
    assert bad["code"] == 5100 and bad["message"].startswith(f"({STATUS})") and "STOPPED" in bad["message"]
    assert now(cloud, running.id).state is InstanceState.STOPPING
    assert now(cloud, stopped.id) == stopped
    (record, *_) = operations_of(cloud, running.id)
    assert (record.verb, record.caller.how, record.caller.who) == (Verb.STOP, "api", SECRET_ID)


def test_all_succeed(client: LegacyClient, cloud: Cloud) -> None:
    made = [launched(cloud, InstanceState.RUNNING) for _ in range(2)]
    reply = client.call("StopInstances", ids(*(one.id for one in made)), method="POST")
    assert (reply["code"], reply["message"], reply["codeDesc"]) == (0, "", "Success")
    assert {entry["code"] for entry in reply["detail"].values()} == {0}
    assert len({entry["requestId"] for entry in reply["detail"].values()}) == 2


def test_all_fail_each_for_its_own_reason(client: LegacyClient, cloud: Cloud) -> None:
    stopped = launched(cloud)
    elsewhere = launched(cloud, InstanceState.RUNNING, region="ap-hongkong")
    reply = client.call("StopInstances", ids(stopped.id, ABSENT, "nonsense", elsewhere.id))
    assert (reply["code"], reply["codeDesc"]) == (5100, "OperationFail.AllResourceOpFailed")
    assert {ident: entry["code"] for ident, entry in reply["detail"].items()} == {
        stopped.id: 5100,
        ABSENT: 5000,
        "nonsense": 4000,
        elsewhere.id: 5000,
    }


@pytest.mark.parametrize("state", [state for state in InstanceState if state is not InstanceState.RUNNING])
def test_only_what_runs_can_be_stopped(client: LegacyClient, cloud: Cloud, state: InstanceState) -> None:
    ident = launched(cloud, state).id
    entry = client.call("StopInstances", ids(ident))["detail"][ident]
    assert entry["code"] == 5100 and entry["message"].startswith(f"({STATUS})")


def test_what_is_under_way_refuses(client: LegacyClient, cloud: Cloud) -> None:
    ident = launched(cloud).id
    password = {**ids(ident), "password": "abcd1234"}
    assert client.call("ResetInstancePassword", password)["code"] == 0
    entry = client.call("StartInstances", ids(ident))["detail"][ident]
    assert entry["code"] == 5100 and "under way" in entry["message"]


def test_the_old_id_is_as_good(client: LegacyClient, cloud: Cloud) -> None:
    instance = launched(cloud, InstanceState.RUNNING)
    old = f"qcvm{uuid.UUID(instance.uuid).hex}"
    assert client.call("StopInstances", ids(old))["detail"][old]["code"] == 0
    assert now(cloud, instance.id).state is InstanceState.STOPPING
    assert client.call("StopInstances", ids("qcvm" + "0" * 32))["detail"]["qcvm" + "0" * 32]["code"] == 5000


@pytest.mark.parametrize(("force", "stop_type"), [("", "SOFT"), ("0", "SOFT"), ("1", "SOFT_FIRST")])
@pytest.mark.parametrize("action", ["StopInstances", "RestartInstances"])
def test_force_is_after_the_soft_way_failed(
    client: LegacyClient, cloud: Cloud, action: str, force: str, stop_type: str
) -> None:
    ident = launched(cloud, InstanceState.RUNNING).id
    assert client.call(action, {**ids(ident), **({"forceStop": force} if force else {})})["code"] == 0
    assert arguments(cloud, ident)["stop_type"] == stop_type


def arguments(cloud: Cloud, ident: str) -> dict[str, object]:
    found: dict[str, object] = operations_of(cloud, ident, 1)[0].arguments
    return found


def test_start_and_restart(client: LegacyClient, cloud: Cloud) -> None:
    stopped, running = launched(cloud), launched(cloud, InstanceState.RUNNING)
    assert client.call("StartInstances", ids(stopped.id, running.id))["code"] == 5400
    assert now(cloud, stopped.id).state is InstanceState.STARTING
    assert client.call("RestartInstances", ids(running.id))["code"] == 0
    assert now(cloud, running.id).state is InstanceState.REBOOTING


@pytest.mark.parametrize("password", ["abcd1234", "12345678!"])
def test_a_password_by_the_legacy_rule(client: LegacyClient, cloud: Cloud, password: str) -> None:
    ident = launched(cloud).id
    assert client.call("ResetInstancePassword", {**ids(ident), "password": password})["code"] == 0
    kept = arguments(cloud, ident)
    assert password not in str(kept) and str(kept["password_hash"]).startswith("$6$")


@pytest.mark.parametrize("password", ["short1", "abcd1234abcd12345", "abcdefgh", "abcd 1234", ""])
def test_a_bad_password_is_refused_for_all(client: LegacyClient, cloud: Cloud, password: str) -> None:
    instance = launched(cloud)
    reply = client.call("ResetInstancePassword", {**ids(instance.id), "password": password})
    assert reply["code"] == 4000 and "detail" not in reply
    assert now(cloud, instance.id) == instance
    assert password == "" or password not in reply["message"]


def test_a_key_is_bound(client: LegacyClient, cloud: Cloud) -> None:
    key, _ = key_pairs.create(cloud, "ap-guangzhou", "mine", kind="ed25519")
    stopped, running = launched(cloud), launched(cloud, InstanceState.RUNNING)
    reply = client.call("BindInstanceKey", {**ids(stopped.id, running.id), "keyId": key.id})
    assert reply["code"] == 5400 and reply["detail"][running.id]["code"] == 5100
    assert arguments(cloud, stopped.id) == {"key_ids": [key.id]}


def test_an_unknown_key_is_refused_for_all(client: LegacyClient, cloud: Cloud) -> None:
    reply = client.call("BindInstanceKey", {**ids(launched(cloud).id), "keyId": "skey-00000000"})
    assert reply["code"] == 5000 and "detail" not in reply


def test_one_id_twice_is_one(client: LegacyClient, cloud: Cloud) -> None:
    ident = launched(cloud, InstanceState.RUNNING).id
    assert client.call("StopInstances", ids(ident, ident))["code"] == 0


def test_a_stop_without_charging_is_told_as_a_wrong_state(client: LegacyClient, cloud: Cloud) -> None:
    instance: Instance = put(cloud, launched(cloud).id, stop_charging=True)
    entry = client.call("RestartInstances", ids(instance.id))["detail"][instance.id]
    assert entry["code"] == 5100 and entry["message"].startswith(f"({STATUS})")


def test_what_was_asked_can_end(client: LegacyClient, cloud: Cloud) -> None:
    ident = launched(cloud).id
    client.call("StartInstances", ids(ident))
    settled(cloud, ident)
    assert now(cloud, ident).latest.state is OperationState.SUCCESS
