from __future__ import annotations

import base64
import io
import threading
from pathlib import Path

import pytest
from local.serving import booted, settle, until

from vmsim.cli import names
from vmsim.client import Client
from vmsim.cloud import security_groups, state, subnets, vpcs
from vmsim.cloud.context import Cloud
from vmsim.cloud.security_groups import GroupRequest
from vmsim.cloud.subnets import SubnetRequest
from vmsim.cloud.vpcs import Options

from .conftest import Vmsim


@pytest.fixture(autouse=True)
def built(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny image is there already: nothing is built, and the home's record of it stays as the test made it."""
    monkeypatch.setattr("vmsim.lab.images.ensure", lambda _name, _progress: None)


def _worker(cloud: Cloud, client: Client, outcome: state.Outcome | None = None) -> threading.Thread:
    def work() -> None:
        until(lambda: client.get("/v1/instances")["instances"])
        (made,) = client.get("/v1/instances")["instances"]
        settle(cloud, made["id"], outcome) if outcome else booted(cloud, made["id"])

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_it_works_without_arguments(cloud: Cloud, client: Client, vmsim: Vmsim) -> None:
    worker = _worker(cloud, client)
    ran = vmsim("launch")
    worker.join()
    (made,) = client.get("/v1/instances")["instances"]
    assert ran.code == 0
    assert made["id"] in ran.out and made["private_ip"] in ran.out and "vmsim ssh" in ran.out
    assert made["region"] == "ap-guangzhou" and made["type_name"] == "LAB1.NANO128" and made["key_ids"]
    assert "the guest is up" in ran.err


def test_a_host_name_is_numbered_as_names_are(client: Client, vmsim: Vmsim) -> None:
    assert vmsim("launch", "--no-wait", "web", "--host-name", "front", "--count", "2").code == 0
    made = client.get("/v1/instances")["instances"]
    assert {(item["name"], item["host_name"]) for item in made} == {("web1", "front1"), ("web2", "front2")}
    ran = vmsim("launch", "--no-wait", "--host-name", "no name")
    assert ran.code == 2 and "cannot be a host name" in ran.err


@pytest.fixture
def shop(cloud: Cloud) -> dict[str, str]:
    """A VPC with two subnets, one of whose names a second VPC's has too, and a security group: ids by name."""
    region, ids = cloud.settings.region, {}
    for number, called in ((1, ("front", "back")), (2, ("back",))):
        vpc = vpcs.create(cloud, region, f"10.{number}.0.0/16", Options(name="shop"), {})
        for host, name in enumerate(called):
            wanted = SubnetRequest(name, f"{region}-2", f"10.{number}.{host}.0/24")
            (made,) = subnets.create(cloud, region, vpc.id, [wanted], {})
            ids[name] = made.id
    return ids | {"web": security_groups.create(cloud, region, GroupRequest("web", "", 0)).id}


def test_a_subnet_and_groups_by_name(client: Client, shop: dict[str, str], vmsim: Vmsim) -> None:
    ran = vmsim("launch", "--no-wait", "one", "--subnet", "front", "--group", "web")
    assert ran.code == 0, ran.err
    (made,) = client.get("/v1/instances")["instances"]
    assert made["subnet_id"] == shop["front"] and made["zone"] == "ap-guangzhou-2"
    assert made["security_group_ids"] == [shop["web"]]
    assert f"web ({shop['web']})" in vmsim("show", "one").out
    ran = vmsim("launch", "--no-wait", "two", "--subnet", shop["front"], "--group", shop["web"])
    assert ran.code == 0, ran.err


def test_a_name_that_none_or_two_have(shop: dict[str, str], vmsim: Vmsim) -> None:
    ran = vmsim("launch", "--no-wait", "--subnet", "fornt")
    assert ran.code == 1 and "There is no subnet fornt." in ran.err and f"front ({shop['front']})" in ran.err
    ran = vmsim("launch", "--no-wait", "--group", "wbe")
    assert ran.code == 1 and "There is no security group wbe." in ran.err and f"web ({shop['web']})" in ran.err
    ran = vmsim("launch", "--no-wait", "--subnet", "back")
    assert ran.code == 2 and "several" in ran.err and shop["back"] in ran.err


def test_the_way_in_is_what_one_can_type(client: Client, web: str, vmsim: Vmsim) -> None:
    """A name that is another's too means nothing on a command line."""
    ran = vmsim("launch", "--no-wait", "web-1")
    (made,) = [item["id"] for item in client.get("/v1/instances")["instances"] if item["id"] != web]
    assert f"vmsim show {made}\n" in ran.out


def test_nor_does_one_that_looks_like_an_option(client: Client) -> None:
    """The command line makes none; the API may."""
    (made,) = client.post("/v1/instances", {"name": "-x"})["instances"]
    assert names.word(client, made) == made["id"]


def test_a_name_with_a_space_is_quoted(vmsim: Vmsim) -> None:
    assert "vmsim show 'my web'\n" in vmsim("launch", "my web", "--no-wait").out


def test_a_failed_launch_says_why(cloud: Cloud, client: Client, vmsim: Vmsim) -> None:
    worker = _worker(cloud, client, state.Outcome(False, error="no disk left"))
    ran = vmsim("launch", "web", "-o", "json")
    worker.join()
    assert ran.code == 1
    (launched,) = ran.json()["launched"]
    assert launched["instance"]["state"] == "LAUNCH_FAILED" and "no disk left" in launched["error"]


def test_options_reach_the_cloud(client: Client, tmp_path: Path, vmsim: Vmsim) -> None:
    script = tmp_path / "data"
    script.write_bytes(b"#!/bin/sh\n")
    client.post("/v1/keys", {"name": "laptop", "region": "ap-tokyo"})
    words = "launch db --count 2 --type LAB2.NANO256 --disk-size 20 --data-disk 10 --data-disk 5G --public --key laptop"
    ran = vmsim(*words.split(), "--user-data", str(script), "--tag", "role=db", "--zone", "ap-tokyo-2", "--no-wait")
    assert ran.code == 0, ran.err
    two, one = sorted(client.get("/v1/instances")["instances"], key=lambda item: item["name"], reverse=True)
    assert (one["name"], two["name"]) == ("db1", "db2")
    assert one["zone"] == "ap-tokyo-2" and one["cpu"] == 2 and one["tags"] == {"role": "db"} and one["public_ip"]
    assert [disk["size_gib"] for disk in one["disks"]] == [20, 10, 5]
    assert base64.b64decode(one["user_data"]) == b"#!/bin/sh\n"


def test_a_password_instead_of_a_key(client: Client, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Secret-123\n"))
    assert vmsim("launch", "--password-stdin", "--no-wait").code == 0
    (made,) = client.get("/v1/instances")["instances"]
    assert made["key_ids"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("--key", "k", "--password"),
        ("--tag", "novalue"),
        ("--disk-size", "tiny"),
        ("--type", "NO.SUCH"),
        ("--limit", "nan"),
        ("--", "-x"),
        ("",),
        ("--image", ""),
    ],
)
def test_wrong_use(vmsim: Vmsim, client: Client, words: tuple[str, ...]) -> None:
    assert vmsim("launch", *words).code == 2
    assert client.get("/v1/instances")["instances"] == []
