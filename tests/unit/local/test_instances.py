from __future__ import annotations

import pytest

from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.cloud.instances import submit
from vmsim.model.errors import Malformed, NotFound, OperationFailed, UsageError
from vmsim.model.lifecycle import Verb
from vmsim.model.operation import Caller
from vmsim.model.readiness import Rung

from .serving import booted, settle


def test_a_launch_answers_its_instances_and_their_operations(client: Client) -> None:
    made = client.post("/v1/instances", {"name": "web", "count": 2, "default_key": True})

    assert [item["name"] for item in made["instances"]] == ["web1", "web2"]
    assert {item["state"] for item in made["instances"]} == {"PENDING"}
    assert [item["instance_id"] for item in made["operations"]] == [item["id"] for item in made["instances"]]
    assert made["request_id"] == client.request_id


def test_the_same_client_token_launches_once(client: Client) -> None:
    request = {"name": "once", "default_key": True, "client_token": "t1"}
    first, second = client.post("/v1/instances", request), client.post("/v1/instances", request)

    assert [item["id"] for item in first["instances"]] == [item["id"] for item in second["instances"]]
    assert len(client.get("/v1/instances")["instances"]) == 1


def test_an_unknown_field_is_named(client: Client) -> None:
    with pytest.raises(UsageError, match="'colour'"):
        client.post("/v1/instances", {"colour": "blue"})


def test_a_data_disk_must_be_an_object_of_its_fields(client: Client) -> None:
    with pytest.raises(Malformed):
        client.post("/v1/instances", {"data_disks": [{"size": 1}]})


def test_instances_are_listed_by_region_and_by_id(client: Client) -> None:
    here = client.post("/v1/instances", {"default_key": True})["instances"][0]["id"]
    there = client.post("/v1/instances", {"region": "ap-tokyo", "default_key": True})["instances"][0]["id"]

    def ids(**query: object) -> set[str]:
        return {item["id"] for item in client.get("/v1/instances", **query)["instances"]}

    assert ids() == {here, there}
    assert ids(region="ap-tokyo") == {there}
    assert ids(id=[here]) == {here}


def test_an_instance_is_shown_by_name_with_its_operations(client: Client) -> None:
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]

    shown = client.get("/v1/instances/web")

    assert shown["instance"]["id"] == made
    assert [operation["verb"] for operation in shown["operations"]] == ["run"]


def test_the_random_password_is_shown_only_when_asked_for(client: Client) -> None:
    made = client.post("/v1/instances", {"name": "pw"})["instances"][0]

    assert "password" not in made and "password_hash" not in made
    assert "password" not in client.get("/v1/instances/pw")["instance"]
    assert client.get("/v1/instances/pw", password=1)["instance"]["password"]


def test_an_unknown_name_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="nobody"):
        client.get("/v1/instances/nobody")


def test_renaming(client: Client) -> None:
    client.post("/v1/instances", {"name": "old", "default_key": True})
    assert client.patch("/v1/instances/old", {"name": "new"})["instance"]["name"] == "new"
    with pytest.raises(UsageError, match="'name'"):
        client.patch("/v1/instances/new", {})


def test_readiness_is_streamed_rung_by_rung(cloud: Cloud, client: Client) -> None:
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]
    rungs = client.stream("/v1/instances/web/readiness", limit=5)
    assert next(rungs)["rung"] == "OFF"

    booted(cloud, made, Rung.LOGIN)

    assert [line["rung"] for line in rungs][-1] == "LOGIN"


@pytest.mark.parametrize(
    ("caller", "said"), [(Caller("lab", "vmsim down"), "the lab goes down"), (Caller("cli", "eve"), "cli eve")]
)
def test_a_guest_that_was_stopped_while_it_booted_is_not_blamed(
    cloud: Cloud, client: Client, caller: Caller, said: str
) -> None:
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]
    booted(cloud, made, Rung.KERNEL)
    rungs = client.stream("/v1/instances/web/readiness", limit=5)
    assert next(rungs)["rung"] == "KERNEL"
    submit(cloud, Verb.STOP, [made], {}, region=None, caller=caller, request_id="r")
    settle(cloud, made)
    with pytest.raises(OperationFailed, match=f"stopped while it was booting: .*{said}"):
        list(rungs)


def test_the_serial_log_and_statistics_are_read(cloud: Cloud, client: Client) -> None:
    made = client.post("/v1/instances", {"name": "web", "default_key": True})["instances"][0]["id"]
    settle(cloud, made)
    log = cloud.home.serial_log(made)
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\nthree\n")

    assert client.get("/v1/instances/web/serial", lines=2)["lines"] == ["two", "three"]
    with pytest.raises(Malformed, match="lines"):
        client.get("/v1/instances/web/serial", lines="many")
    with pytest.raises(NotFound):  # libvirt's test driver knows no such domain
        client.get("/v1/instances/web/stats")
