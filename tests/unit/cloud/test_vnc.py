from __future__ import annotations

import re
import socket
from urllib.parse import unquote

import pytest

from cloud_fixture import SetClock, launched, put
from vmsim.cloud import vnc
from vmsim.cloud.context import Cloud
from vmsim.model.errors import HostError, Refused, WrongState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState

S = InstanceState


def token_of(cloud: Cloud, instance: Instance) -> str:
    found = re.search(r"\?s=([0-9a-f]+)&", unquote(vnc.url(cloud, instance.id)))
    assert found is not None
    return found[1]


def later(cloud: Cloud, seconds: float) -> None:
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(seconds)


def test_a_token_opens_the_screen_once(cloud: Cloud) -> None:
    cloud.home.runtime.mkdir(exist_ok=True)
    instance = launched(cloud, S.RUNNING)
    path = cloud.home.display_socket(instance.id)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        token = token_of(cloud, instance)
        with vnc.redeem(cloud, token) as screen:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(b"RFB 003.008\n")
                assert screen.recv(12) == b"RFB 003.008\n"
        with pytest.raises(Refused):
            vnc.redeem(cloud, token)
    path.unlink()
    cloud.home.runtime.rmdir()


def test_a_token_expires(cloud: Cloud) -> None:
    instance = launched(cloud, S.RUNNING)
    early, late = token_of(cloud, instance), token_of(cloud, instance)
    assert early != late
    later(cloud, 14.9)
    with pytest.raises(HostError, match="cannot be reached"):  # good, but the test driver has no screens
        vnc.redeem(cloud, early)
    later(cloud, 0.2)
    with pytest.raises(Refused, match="expired"):
        vnc.redeem(cloud, late)
    with pytest.raises(Refused):
        vnc.redeem(cloud, "")


def test_one_that_has_stopped_meanwhile_is_not_shown(cloud: Cloud) -> None:
    instance = launched(cloud, S.RUNNING)
    token = token_of(cloud, instance)
    put(cloud, instance.id, state=S.STOPPED)
    with pytest.raises(WrongState):
        vnc.redeem(cloud, token)
