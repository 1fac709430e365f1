from __future__ import annotations

import io
from pathlib import Path

import pytest
from local.serving import settle

from vmsim.client import Client
from vmsim.cloud.context import Cloud

from .conftest import Vmsim


@pytest.fixture
def stopped(cloud: Cloud, web: str, vmsim: Vmsim) -> str:
    vmsim("stop", web, "--no-wait")
    settle(cloud, web)
    return web


def _asked(client: Client, instance_id: str) -> tuple[str, dict[str, object]]:
    operation = client.get(f"/v1/instances/{instance_id}")["operations"][0]
    return operation["verb"], operation["arguments"]


def test_a_running_instance_is_refused_without_force(client: Client, web: str, vmsim: Vmsim) -> None:
    refused = vmsim("set-type", "web-1", "LAB2.NANO256")
    assert refused.code == 1 and "RUNNING" in refused.err
    assert vmsim("set-type", "web-1", "LAB2.NANO256", "--force", "--no-wait").code == 0
    assert _asked(client, web)[0] == "reset-type"


def test_set_type(client: Client, stopped: str, vmsim: Vmsim) -> None:
    assert vmsim("set-type", "web-1", "LAB2.NANO256", "--no-wait").code == 0
    assert _asked(client, stopped) == ("reset-type", {"type_name": "LAB2.NANO256"})
    assert vmsim("set-type", "web-1", "LAB9.HUGE").code == 2


def test_resize_disk(client: Client, stopped: str, vmsim: Vmsim) -> None:
    assert vmsim("resize-disk", "web-1", "20G", "--no-wait").code == 0
    verb, arguments = _asked(client, stopped)
    disk = client.get("/v1/instances/web-1")["instance"]["disks"][0]["id"]
    assert verb == "resize-disk" and {"disk_id": disk, "size_gib": 20}.items() <= arguments.items()


def test_an_unknown_disk_names_those_there_are(stopped: str, vmsim: Vmsim) -> None:
    ran = vmsim("resize-disk", "web-1", "20", "--disk", "vdq")
    assert ran.code == 1 and "has vda" in ran.err


def test_set_password(client: Client, stopped: str, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Secret-123\n"))
    ran = vmsim("set-password", "web-1", "--password-stdin", "--no-wait", "--output", "json")
    assert ran.code == 0 and "Secret-123" not in ran.out + ran.err
    assert _asked(client, stopped)[0] == "reset-password"
    assert vmsim("set-password").code == 2


def test_keys_are_bound_and_unbound(cloud: Cloud, client: Client, stopped: str, vmsim: Vmsim) -> None:
    key = client.post("/v1/keys", {"name": "laptop"})["key"]["id"]
    assert vmsim("bind-key", "web-1", "--key", "laptop", "--no-wait").code == 0
    assert _asked(client, stopped) == ("associate-keys", {"key_ids": [key]})
    settle(cloud, stopped)
    assert vmsim("unbind-key", "web-1", "--no-wait").code == 0
    verb, arguments = _asked(client, stopped)
    assert verb == "disassociate-keys" and arguments["key_ids"] != [key]


def test_an_unknown_key_or_instance(stopped: str, vmsim: Vmsim) -> None:
    assert "vmsim key list" in vmsim("bind-key", "web-1", "--key", "none").err
    ran = vmsim("bind-key", "nobody")
    assert ran.code == 1 and "There is no instance nobody" in ran.err


def test_rename(client: Client, web: str, vmsim: Vmsim) -> None:
    assert vmsim("rename", "web-1", "front").out == f"web-1 ({web}) is now front.\n"
    assert vmsim("rename", "front", "back", "-o", "json").json()["instance"]["name"] == "back"


def test_a_name_may_hold_a_slash(client: Client, web: str, vmsim: Vmsim) -> None:
    assert vmsim("rename", "web-1", "team/front").code == 0
    assert vmsim("show", "team/front", "-o", "json").json()["instance"]["id"] == web
    assert vmsim("rename", "team/front", "web-1").code == 0


def test_no_key_is_made_whose_private_half_cannot_be_kept(client: Client, tmp_path: Path, vmsim: Vmsim) -> None:
    ran = vmsim("key", "create", "laptop", "--file", str(tmp_path / "none" / "laptop.pem"))
    assert ran.code == 1 and "cannot be written" in ran.err
    assert vmsim("key", "create", "laptop", "--file", "/dev/full").code == 2
    assert client.get("/v1/keys")["keys"] == []


def test_no_file_stays_of_a_key_that_was_refused(tmp_path: Path, client: Client, vmsim: Vmsim) -> None:
    client.post("/v1/keys", {"name": "laptop"})
    assert vmsim("key", "create", "laptop", "--file", str(tmp_path / "laptop.pem")).code == 1
    assert not (tmp_path / "laptop.pem").exists()


def test_keys_come_and_go(client: Client, tmp_path: Path, vmsim: Vmsim) -> None:
    file = tmp_path / "k.pem"
    assert vmsim("key", "create", "laptop", "--file", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600 and "PRIVATE KEY" in file.read_text()
    assert vmsim("key", "create", "other", "--file", str(file)).code == 2
    assert vmsim("key", "import", "mine", str(file)).code == 2
    public = tmp_path / "k.pub"
    public.write_text(client.get("/v1/keys")["keys"][0]["public_key"])
    assert vmsim("key", "delete", "laptop").code == 0
    assert vmsim("key", "import", "mine", str(public)).code == 0
    assert "mine" in vmsim("key", "list").out
    assert vmsim("key", "list", "--region", "ap-tokyo").out == ""


def test_reinstall(client: Client, web: str, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vmsim("reinstall", "web-1").code == 2  # nobody to ask
    ran = vmsim("reinstall", "web-1", "--yes", "--disk-size", "2", "--no-wait")
    assert ran.code == 0, ran.err
    verb, arguments = _asked(client, web)
    assert verb == "reinstall" and arguments["size_gib"] == 2 and arguments["default_key"]
    assert len(arguments["key_ids"]) == 1  # type: ignore[arg-type]


def test_reinstall_with_a_password(client: Client, web: str, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Secret-123\n"))
    ran = vmsim("reinstall", "web-1", "--yes", "--password-stdin", "--no-wait", "--output", "json")
    assert ran.code == 0 and "Secret-123" not in ran.out + ran.err
    verb, arguments = _asked(client, web)
    assert verb == "reinstall" and arguments["key_ids"] == []
    assert vmsim("reinstall", "web-1", "--yes", "--password-stdin", "--key", "x").code == 2


def test_set_host_name(client: Client, web: str, vmsim: Vmsim) -> None:
    assert vmsim("set-host-name", "web-1", "front", "--no-wait").code == 0
    assert _asked(client, web) == ("modify", {"host_name": "front"})
    assert vmsim("set-host-name", "web-1", "-x-").code == 2
