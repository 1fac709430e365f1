from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from cloud_fixture import opened
from vmsim.api.metadata import outside
from vmsim.api.request import WireRequest
from vmsim.cloud import temporary_keys
from vmsim.cloud.account import NO_ROLE, owner
from vmsim.cloud.context import Cloud

ROLES = "/latest/meta-data/cam/security-credentials/"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with opened(tmp_path) as made:
        yield made


def read(cloud: Cloud, path: str) -> tuple[int, str]:
    answer = outside.answer(cloud, WireRequest("GET", path))
    return answer.status, answer.body.decode()


def test_the_role_and_its_keys(cloud: Cloud) -> None:
    assert read(cloud, ROLES) == (200, "vmsim")
    status, text = read(cloud, ROLES + "vmsim")
    found = json.loads(text)
    assert status == 200 and found["Code"] == "Success"
    assert temporary_keys.secret_of(cloud, found["TmpSecretId"], found["Token"]) == found["TmpSecretKey"]
    expiration = datetime.fromisoformat(found["Expiration"].replace("Z", "+00:00"))
    assert expiration.timestamp() == found["ExpiredTime"] > cloud.clock.now().timestamp() + 600
    assert read(cloud, ROLES + "another")[0] == 404


def test_the_role_can_have_another_name(cloud: Cloud) -> None:
    cloud.settings = replace(cloud.settings, cam_role="ops")
    assert read(cloud, ROLES) == (200, "ops")
    assert json.loads(read(cloud, ROLES + "ops")[1])["Code"] == "Success"


def test_the_role_can_be_none(cloud: Cloud) -> None:
    cloud.settings = replace(cloud.settings, cam_role=NO_ROLE)
    assert read(cloud, ROLES)[0] == read(cloud, ROLES + "none")[0] == 404


def test_another_user_gets_no_key(cloud: Cloud) -> None:
    connection = (("127.0.0.1", 40000), ("127.0.0.1", 8321))
    asked: list[object] = []

    def is_own(*addresses: object) -> bool:
        asked.append(addresses)
        return len(asked) > 1

    cloud.is_own_user = is_own
    wire = WireRequest("GET", ROLES + "vmsim", connection=connection)
    assert outside.answer(cloud, wire).status == 404
    assert outside.answer(cloud, wire).status == 200
    assert asked == [connection, connection]


def test_the_place_is_the_homes(cloud: Cloud) -> None:
    cloud.settings = replace(cloud.settings, region="ap-hongkong")
    assert read(cloud, "/latest/meta-data/placement/zone") == (200, "ap-hongkong-1")
    assert read(cloud, "/latest/meta-data/app-id") == (200, str(owner(cloud).app_id))


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("metadata.tencentyun.com", True),
        ("169.254.0.23:80", True),
        ("metadata.tencentyun.com.example", False),
        ("127.0.0.1:8321", False),
    ],
)
def test_what_is_metadata(host: str, meant: bool) -> None:
    assert outside.is_metadata(WireRequest("GET", "/", "", {"host": host})) is meant
