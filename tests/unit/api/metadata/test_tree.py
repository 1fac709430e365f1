from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cloud_fixture import launched, opened
from vmsim.api.metadata.tree import Facts, Key, Network, Tree, content, tree


def text(root: Tree, path: str) -> str | None:
    found = content(root, path)
    return None if found is None else found.decode()


KEY = Key("own", "ssh-ed25519 AAAA")
OUTSIDE = Facts("1250000000", "ap-guangzhou", "ap-guangzhou-1", ("vmsim",), lambda role: f"keys of {role}")


def test_a_program_outside_sees_a_place_and_a_role() -> None:
    root = tree(OUTSIDE)
    assert text(root, "/") == "1.0\n2017-09-19\nlatest\nmeta-data"
    assert text(root, "/latest/meta-data/") == "app-id\ncam/\nplacement/"
    assert text(root, "/latest/meta-data/placement/zone") == "ap-guangzhou-1"
    assert text(root, "/1.0/meta-data/placement/region") == "ap-guangzhou"
    assert text(root, "/latest/meta-data/cam/security-credentials/") == "vmsim"
    assert text(root, "/latest/meta-data/cam/security-credentials/vmsim") == "keys of vmsim"


@pytest.mark.parametrize(
    "path",
    [
        "/latest/meta-data/instance-id",
        "/latest/meta-data/instance/instance-type",
        "/latest/meta-data/placement/zone/more",
        "/latest/meta-data/cam/security-credentials/another",
        "/latest/meta-data/cam/security-credentials/vmsim/x",
        "/latest/user-data",
        "/2009-04-04/meta-data",
        "/../../etc/passwd",
    ],
)
def test_what_is_not_there(path: str) -> None:
    assert text(tree(OUTSIDE), path) is None


def test_keys_are_made_only_when_they_are_read() -> None:
    asked: list[str] = []
    root = tree(replace(OUTSIDE, credentials=lambda role: asked.append(role) or "made"))  # type: ignore[func-returns-value]
    text(root, "/latest/meta-data/cam/security-credentials/")
    assert asked == []
    assert text(root, "/latest/meta-data/cam/security-credentials/vmsim") == "made"
    assert asked == ["vmsim"]


def test_without_a_role_there_is_no_cam() -> None:
    assert text(tree(replace(OUTSIDE, roles=())), "/latest/meta-data/") == "app-id\nplacement/"


def test_an_instance_sees_itself(tmp_path: Path) -> None:
    with opened(tmp_path) as cloud:
        instance = replace(launched(cloud, name="web"), public_ip="203.0.113.7", user_data="IyE=")
    root = tree(replace(OUTSIDE, instance=instance, network=Network("172.16.0.1", "255.255.240.0"), keys=(KEY,)))
    mac = instance.mac.upper()
    interface = f"/latest/meta-data/network/interfaces/macs/{mac}"
    seen = {
        "/latest/meta-data/instance-id": instance.id,
        "/latest/meta-data/instance-name": "web",
        "/latest/meta-data/uuid": instance.uuid,
        "/latest/meta-data/local-ipv4": instance.private_ip,
        "/latest/meta-data/public-ipv4": "203.0.113.7",
        "/latest/meta-data/mac": mac,
        "/latest/meta-data/network/interfaces/macs/": f"{mac}/",
        f"{interface}/local-ipv4s/{instance.private_ip}/gateway": "172.16.0.1",
        f"{interface}/local-ipv4s/{instance.private_ip}/subnet-mask": "255.255.240.0",
        f"{interface}/public-ipv4s": "203.0.113.7",
        f"{interface}/subnet-id": instance.subnet_id,
        "/latest/meta-data/payment/charge-type": instance.charge_type,
        "/latest/meta-data/instance/instance-type": instance.type_name,
        "/latest/meta-data/instance/image-id": instance.image_id,
        f"/latest/meta-data/volumes/{instance.system_disk.id}/disk-size": str(instance.system_disk.size_gib),
        "/latest/user-data": "#!",
        "/latest/meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA",
        "/2009-04-04/meta-data/instance-id": instance.id,
        "/2009-04-04/meta-data/local-hostname": instance.host_name,
    }
    assert {path: text(root, path) for path in seen} == seen
    assert text(root, "/latest/meta-data/payment/termination-time") is None
    names = str(text(root, "/latest/meta-data/")).splitlines()
    assert {"instance/", "network/", "payment/", "volumes/", "mac", "cam/"} <= set(names)
