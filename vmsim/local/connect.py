"""The connect socket: hands out TCP sockets that are connected inside the lab, by SCM_RIGHTS.

A client outside the lab writes one JSON line {"instance", "port", "timeout"} and gets one JSON line with the connected
socket beside it, or {"error": …}. After that the two ends talk directly: nothing is relayed, and neither a restart of
the daemon nor its death disturbs a session. One thread for each asking client; a guest that does not answer holds up
nobody else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import select
import socket
import threading
import time
from typing import Any

from vmsim.cloud import instances, reach
from vmsim.cloud.context import Cloud
from vmsim.local import errors
from vmsim.model.errors import Malformed, VmsimError

log = logging.getLogger(__name__)

_LONGEST_REQUEST = 4096
_ASKING_LIMIT = 10.0
_LONGEST_WAIT = 60.0
_BREATH = 0.1


class ConnectServer:
    """Serves a listening Unix socket from a thread of its own until `close`. A context manager."""

    def __init__(self, cloud: Cloud, listening: socket.socket) -> None:
        self._cloud = cloud
        self._listening = listening
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="connect", daemon=True)

    def __enter__(self) -> ConnectServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Accept no more. The socket is left as it is: PID 1 of the lab holds it too, for the next daemon."""
        self._wake.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with self._woken:
            while True:
                ready, _, _ = select.select([self._listening, self._woken], [], [])
                if self._woken in ready:
                    return
                try:
                    client, _ = self._listening.accept()
                except OSError as error:
                    # It went away again, and the socket may be a non-blocking one; or too many files are open.
                    if not isinstance(error, BlockingIOError):
                        log.warning("a connection cannot be accepted: %s", error)
                        time.sleep(_BREATH)
                    continue
                threading.Thread(target=self._serve, args=(client,), name="connect-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(_ASKING_LIMIT)
            try:
                answer, handed = self._reached(_request(client))
            except Exception as error:
                if not isinstance(error, VmsimError):
                    log.error("bug while connecting", exc_info=error)
                client.sendall(json.dumps(errors.as_json(error)).encode() + b"\n")
                return
            with handed:
                socket.send_fds(client, [json.dumps(answer).encode() + b"\n"], [handed.fileno()])

    def _reached(self, wanted: dict[str, Any]) -> tuple[dict[str, Any], socket.socket]:
        found = instances.get(self._cloud, wanted["instance"])
        handed = reach.connect(self._cloud, found.id, wanted["port"], wanted["timeout"])
        handed.settimeout(None)
        answer = {"ok": True, "instance_id": found.id, "host_key": found.host_key, "user": found.login_user}
        return answer, handed


def _request(client: socket.socket) -> dict[str, Any]:
    """{"instance", "port", "timeout"}, checked. Raises Malformed."""
    line = b""
    while not line.endswith(b"\n"):
        data = client.recv(_LONGEST_REQUEST)
        line += data
        if not data or len(line) > _LONGEST_REQUEST:
            raise Malformed("A request is one line of JSON.")
    try:
        said = json.loads(line)
        instance, port, timeout = str(said["instance"]), int(said["port"]), float(said.get("timeout", 10.0))
        instance.encode()
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed('A request is {"instance": …, "port": …, "timeout": …}.') from error
    if not 0 < port < 65536:
        raise Malformed(f"{port} is not a port.")
    # In this order: "nan" counts as the longest.
    return {"instance": instance, "port": port, "timeout": max(min(_LONGEST_WAIT, timeout), 0.1)}
