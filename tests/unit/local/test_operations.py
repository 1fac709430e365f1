from __future__ import annotations

import pytest

from vmsim.client import Client
from vmsim.cloud import state
from vmsim.cloud.context import Cloud
from vmsim.model.errors import Malformed, Missing, NotFound, WrongState

from .serving import booted, settle


@pytest.fixture
def web(cloud: Cloud, client: Client) -> str:
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]
    booted(cloud, made)
    return str(made)


def _stop(client: Client, **arguments: object) -> str:
    body = {"verb": "stop", "arguments": {"stop_type": "SOFT", "stopped_mode": "KEEP_CHARGING", **arguments}}
    return str(client.post("/v1/instances/web/operations", body)["operation"]["id"])


def test_an_operation_is_asked_for_and_followed_to_its_end(cloud: Cloud, client: Client, web: str) -> None:
    lines = client.stream(f"/v1/operations/{_stop(client)}/follow")
    assert next(lines)["state"] == "OPERATING"

    settle(cloud, web, state.Outcome(True, reason="shut itself down"))

    assert list(lines)[-1]["state"] == "SUCCESS"
    assert client.get("/v1/instances/web")["instance"]["state_reason"] == "shut itself down"


def test_who_asked_is_kept(client: Client, web: str) -> None:
    shown = client.get(f"/v1/operations/{_stop(client)}")["operation"]
    assert shown["caller"]["how"] == "cli" and shown["request_id"] == client.request_id


def test_what_the_state_table_forbids_is_refused(client: Client, web: str) -> None:
    with pytest.raises(WrongState) as refused:
        client.post("/v1/instances/web/operations", {"verb": "start"})
    assert refused.value.state == "RUNNING"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, Missing),
        ({"verb": 1}, Malformed),
        ({"verb": "explode"}, Malformed),
        ({"verb": "stop", "arguments": []}, Malformed),
        ({"verb": "stop", "arguments": {"stop_type": "GENTLE"}}, Malformed),
    ],
)
def test_a_bad_request_says_what_is_wrong(client: Client, web: str, body: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.post("/v1/instances/web/operations", body)


def test_a_password_is_never_shown_again(cloud: Cloud, client: Client, web: str) -> None:
    _stop(client)
    settle(cloud, web)
    body = {"verb": "reset-password", "arguments": {"password": "Secret-123", "user_name": ""}}
    shown = client.post("/v1/instances/web/operations", body)["operation"]
    assert not [name for name in shown["arguments"] if "password" in name]


def test_only_a_stop_under_way_can_be_cut_short(client: Client, web: str) -> None:
    with pytest.raises(WrongState):
        client.post("/v1/instances/web/escalate")


def test_an_unknown_operation_is_not_found_before_the_stream_begins(client: Client) -> None:
    with pytest.raises(NotFound):
        next(client.stream("/v1/operations/op-none0000/follow"))
