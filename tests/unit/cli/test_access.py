from __future__ import annotations

import array
import os
import shlex
import socket
import subprocess
from pathlib import Path

import pytest
from local.serving import booted, settle

from vmsim.cli import access
from vmsim.cli.session import Session
from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.store import instances

from .conftest import Vmsim


def _host(ident: str, key: str = "ssh-ed25519 AAAA") -> dict[str, str]:
    return {"id": ident, "host_key": key}


def test_host_keys_are_known_beforehand_and_renewed(cloud: Cloud) -> None:
    home = cloud.home
    access.remember_host_keys(home, [_host("ins-1"), _host("ins-2")])
    path = access.remember_host_keys(home, [_host("ins-1", "ssh-ed25519 BBBB"), _host("ins-3", "")])
    assert path.read_text() == "ins-1 ssh-ed25519 BBBB\nins-2 ssh-ed25519 AAAA\n"


def test_the_stanza_is_strict_and_by_the_homes_key(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    lines = [line.strip() for line in vmsim("ssh-config", "web-1").out.splitlines()]
    assert lines[0] == f"Host web-1 {web}"
    assert {"ProxyUseFdpass yes", "StrictHostKeyChecking yes", f"HostKeyAlias {web}", "User root"} <= set(lines)
    assert f"IdentityFile {cloud.home.keys / 'id_ed25519'}" in lines


def test_a_stanza_goes_by_a_name_that_means_one_instance(client: Client, web: str, vmsim: Vmsim) -> None:
    more = [client.post("/v1/instances", {"name": name})["instances"][0]["id"] for name in ("web-1", "db", "a *")]
    hosts = [line for line in vmsim("ssh-config").out.splitlines() if line.startswith("Host ")]
    assert sorted(hosts) == sorted([f"Host {web}", f"Host {more[0]}", f"Host db {more[1]}", f"Host {more[2]}"])


@pytest.mark.parametrize("own", [True, False])
def test_a_login_without_the_homes_key_says_so(
    cloud: Cloud, client: Client, web: str, vmsim: Vmsim, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    """OpenSSH's own "Permission denied" does not tell which keys it had."""
    key = client.post("/v1/keys", {"name": "laptop"})["key"]["id"]
    ident = web if own else client.post("/v1/instances", {"name": "web-2", "key_ids": [key]})["instances"][0]["id"]
    booted(cloud, ident)
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _program, argv: started.append(argv))
    ran = vmsim("ssh", ident, "--", "true")
    assert ran.code == 0 and started[0][-2:] == [ident, "true"]
    assert ("The home's own key does not open" in ran.err) is not own


def test_openssh_understands_it(web: str, vmsim: Vmsim, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(vmsim("ssh-config").out)
    read = subprocess.run(["ssh", "-F", config, "-G", "web-1"], capture_output=True, text=True, check=True)
    assert f"hostkeyalias {web}" in read.stdout and "proxyusefdpass yes" in read.stdout


def test_the_proxy_command_hands_the_connection_over(cloud: Cloud, web: str, tmp_path: Path) -> None:
    with cloud.store.writing() as connection:
        instances.change(connection, web, private_ip="127.0.0.1")
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as guest, ours:
        words = [*shlex.split(access.this_program(cloud.home)), "connect-fd", "web-1", str(guest.getsockname()[1])]
        process = subprocess.Popen(words, stdout=theirs.fileno(), cwd=tmp_path, env=os.environ)
        theirs.close()
        inside, _ = guest.accept()
        data, ancillary, _, _ = ours.recvmsg(10, socket.CMSG_SPACE(4))
        assert process.wait(10) == 0 and data == b"\0"
        with inside, socket.socket(fileno=array.array("i", ancillary[0][2])[0]) as handed:
            handed.sendall(b"through")
            assert inside.recv(10) == b"through"


def test_a_stopped_instance_says_how_to_start_it(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    vmsim("stop", web, "--no-wait")
    settle(cloud, web)
    for words in (("ssh", "web-1"), ("exec", "web-1", "true"), ("cp", "web-1:a", ".")):
        ran = vmsim(*words)
        assert ran.code == 1 and "vmsim start web-1" in ran.err


def test_the_homes_key_counts_only_where_it_is_bound(web: str, vmsim: Vmsim) -> None:
    session = Session()
    found = session.client.get("/v1/instances/web-1")["instance"]
    assert access.own_key_bound(session, found)
    assert not access.own_key_bound(session, {**found, "key_ids": []})
