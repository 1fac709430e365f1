"""A connection to a guest, made inside the lab, for whoever stands outside (the socket itself is handed out)."""

from __future__ import annotations

import socket

from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.host.keepalive import keep_alive
from vmsim.model.errors import OperationFailed, UsageError, WrongState
from vmsim.model.lifecycle import InstanceState

_ON = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.REBOOTING)


def connect(cloud: Cloud, instance_id: str, port: int, timeout: float) -> socket.socket:
    """A TCP connection to the guest's private address, which ends soon after its power does.

    Raises WrongState when it is off, OperationFailed else.
    """
    if not 1 <= port <= 65535:
        raise UsageError(f"{port} is not a port.")
    instance = instances.get(cloud, instance_id)
    if instance.state not in _ON:
        raise WrongState(
            "Connecting", instance.id, instance.state.value, hint=f"`vmsim start {instance.id}` starts it."
        )
    try:
        made = socket.create_connection((instance.private_ip, port), timeout)
    except OSError as error:
        raise OperationFailed(
            f"Port {port} of {instance.id} ({instance.private_ip}) does not answer: {error}.",
            hint=f"It stands at: {instance.rung.words}.",
        ) from error
    keep_alive(made)
    return made
