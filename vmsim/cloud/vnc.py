"""Getting at a guest's screen: a URL that holds a token, and the socket that the token opens once."""

from __future__ import annotations

import socket
from urllib.parse import quote

from vmsim.cloud import instances, screens
from vmsim.cloud.context import Cloud
from vmsim.cloud.permission import demand_state
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState

ACTION = "DescribeInstanceVncUrl"
_SHOWN_IN = frozenset({InstanceState.RUNNING})


def url(cloud: Cloud, ident: str, *, region: str | None = None) -> str:
    """URL-encoded, as the cloud gives it: it becomes a parameter of the console's page. Without TLS, as the API is."""
    instance = instances.get(cloud, ident, region=region)
    demand_state(ACTION, instance, _SHOWN_IN)
    token = cloud.screens.issue(instance.id, cloud.clock.monotonic())
    address = f"ws://127.0.0.1:{cloud.port or cloud.settings.port}/vnc"
    return quote(f"{address}?s={token}&password=&isWindows=false&isUbuntu={_word(_is_ubuntu(instance))}", safe="")


def redeem(cloud: Cloud, token: str) -> socket.socket:
    """The guest's VNC server, connected. Raises Refused for a token that is not good, WrongState, HostError."""
    instance = instances.get(cloud, cloud.screens.take(token, cloud.clock.monotonic()))
    demand_state(ACTION, instance, _SHOWN_IN)
    return screens.connected(cloud.home.display_socket(instance.id))


def _is_ubuntu(instance: Instance) -> bool:
    return instance.login_user == "ubuntu"


def _word(flag: bool) -> str:
    return "true" if flag else "false"
