"""The client of the local API, and of the connect socket. The standard library only: `vmsim list` must start at once.

The lab's PID 1 keeps the listening sockets, so while a daemon is being restarted a request waits in the queue or its
connection breaks. A broken GET is asked again for a few seconds; anything else is not, since nobody knows what became
of it, unless the caller says that doing it twice is harmless (`repeatable`: a launch with its client token). Streams go
on where they were: an operation or a guest's readiness is asked anew, events from the last one seen.

Errors of the daemon come back as what they were there (`model/errors.py`). What is a bug in the daemon is a HostError
with the code BUG.
"""

from __future__ import annotations

import array
import contextlib
import getpass
import http.client
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from vmsim.config import Home
from vmsim.model import errors
from vmsim.model.errors import HostError, LabNotRunning, VmsimError

BUG = "Bug"
LIMIT = 60.0
"""Seconds without a byte before a daemon counts as hung; streams carry a blank line every few seconds."""
RESTART = 8.0
"""Seconds in which a restarted daemon must answer again."""
_PAUSE = 0.1
_CHUNK = 65536
_BROKEN = (ConnectionError, http.client.HTTPException)


class Reached(NamedTuple):
    """A socket connected to a guest's port inside the lab, and what a login needs to know."""

    socket: socket.socket
    host_key: str
    user: str
    instance_id: str


class Client:
    """Speaks to one home's daemon. Connections are short: one for each request or stream; threads may share it."""

    def __init__(self, api_socket: Path) -> None:
        self._path = api_socket
        self.request_id = secrets.token_hex(16)
        """Sent with every request, so that one command's events can be found again."""

    def alive(self) -> bool:
        """Does the lab listen? It may still be starting its daemon."""
        return listens(self._path)

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", _with(path, query), None, repeatable=True)

    def post(self, path: str, body: Any = None, *, repeatable: bool = False) -> Any:
        return self._call("POST", path, body if body is not None else {}, repeatable=repeatable)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, body, repeatable=True)

    def delete(self, path: str, **query: Any) -> Any:
        return self._call("DELETE", _with(path, query), None, repeatable=False)

    def stream(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The lines of a GET that may be asked again from its beginning; ends with the stream."""
        return self._lines(lambda: _with(path, query))

    def events(self, since: int = 0, instance: str | None = None, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """The audit log after `since`; each event once, also over a restart of the daemon."""
        position = since

        def path() -> str:
            return _with("/v1/events", {"since": position, "instance": instance, "follow": int(follow)})

        for event in self._lines(path, endless=follow):
            position = event["sequence"]
            yield event

    def post_stream(self, path: str, body: Any) -> Iterator[dict[str, Any]]:
        """The lines of a POST; a broken connection ends it with LabNotRunning."""
        try:
            yield from self._read("POST", path, body)
        except _BROKEN as error:
            raise LabNotRunning("The daemon went away meanwhile.", hint="`vmsim logs daemon` says why.") from error

    def _call(self, method: str, path: str, body: Any, *, repeatable: bool) -> Any:
        until = time.monotonic() + RESTART
        while True:
            try:
                with self._asked(method, path, body) as reply:
                    return json.loads(_body(reply))
            except _BROKEN as error:
                if not repeatable:
                    raise HostError(
                        "The daemon went away before it answered; the request may have been carried out or not.",
                        hint="Look with `vmsim list` and `vmsim events`.",
                    ) from error
                if time.monotonic() > until:
                    raise _gave_up(error) from error
                time.sleep(_PAUSE)

    def _lines(self, path: Callable[[], str], *, endless: bool = False) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + RESTART
        while True:
            try:
                for line in self._read("GET", path(), None):
                    until = time.monotonic() + RESTART
                    yield line
                if not endless:
                    return
            except _BROKEN as error:
                if time.monotonic() > until:
                    raise _gave_up(error) from error
            time.sleep(_PAUSE)

    def _read(self, method: str, path: str, body: Any) -> Iterator[dict[str, Any]]:
        with self._asked(method, path, body) as reply:
            for raw in _whole_lines(reply):
                line = json.loads(raw)
                if set(line) == {"error"}:
                    raise _error(line["error"])
                yield line

    @contextlib.contextmanager
    def _asked(self, method: str, path: str, body: Any) -> Iterator[http.client.HTTPResponse]:
        """The reply to a request, open until the end of the block. Raises what the daemon refused with."""
        headers = {"X-Vmsim-User": _user(), "X-Vmsim-Request-Id": self.request_id, "Connection": "close"}
        data = None if body is None else json.dumps(body).encode()
        with contextlib.closing(_Connection(self._path)) as connection:
            try:
                connection.request(method, path, data, headers)
                reply = connection.getresponse()
            except TimeoutError as error:
                raise _hung() from error
            with reply:
                if reply.status >= 400:
                    raise _refusal(reply)
                yield reply


_LOOK = "`vmsim logs daemon` may say why."


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("vmsim", timeout=LIMIT)
        self._path = path

    def connect(self) -> None:
        self.sock = _open(self._path, LIMIT)


def _open(path: Path, timeout: float) -> socket.socket:
    """Connected. Raises LabNotRunning where nothing listens."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(timeout)
    try:
        made.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError) as error:
        made.close()
        raise LabNotRunning("The lab is not running.", hint="`vmsim up` starts it.") from error
    except BaseException:
        made.close()
        raise
    return made


def listens(path: Path) -> bool:
    """Does anybody?"""
    try:
        _open(path, LIMIT).close()
    except LabNotRunning:
        return False
    return True


def _with(path: str, query: dict[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def segment(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _whole_lines(reply: http.client.HTTPResponse) -> Iterator[bytes]:
    """Lines as they arrive; blank ones are heartbeats. Raises IncompleteRead when the daemon breaks off.

    By `read1`: `HTTPResponse.readline` takes a chunked body that was cut off for one that has ended.
    """
    rest = b""
    try:
        while data := reply.read1(_CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            yield from filter(bytes.strip, lines)
    except TimeoutError as error:
        raise _hung() from error
    if rest:
        raise http.client.IncompleteRead(rest)


def _body(reply: http.client.HTTPResponse) -> bytes:
    try:
        return reply.read()
    except TimeoutError as error:
        raise _hung() from error


def _refusal(reply: http.client.HTTPResponse) -> VmsimError:
    text = _body(reply)
    try:
        return _error(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        shown = text.decode(errors="replace")[:200]
        return HostError(f"The daemon answered {reply.status} {reply.reason}: {shown}", hint=_LOOK, code=BUG)


def _error(said: dict[str, Any]) -> VmsimError:
    """The exception as it was raised in the daemon, by its kind."""
    found: Any = getattr(errors, said["kind"], None)
    known = isinstance(found, type) and issubclass(found, VmsimError)
    kind: type[VmsimError] = found if known else HostError
    # Not by the constructor: some build their sentence of their arguments, and the sentence is here already.
    error = kind.__new__(kind)
    code = said.get("code", "") if known else BUG
    VmsimError.__init__(error, said["message"], hint=said.get("hint", ""), code=code)
    vars(error).update(said.get("data", {}))
    return error


def _hung() -> HostError:
    return HostError(f"The daemon has said nothing for {LIMIT:.0f} s.", hint=_LOOK)


def _gave_up(error: Exception) -> LabNotRunning:
    return LabNotRunning(f"The daemon does not come back ({type(error).__name__}).", hint=_LOOK)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def connect(home: Home, instance: str, port: int, timeout: float = 10.0) -> Reached:
    """A socket connected to a port of the guest, opened inside the lab and handed out of it."""
    wanted = json.dumps({"instance": instance, "port": port, "timeout": timeout}).encode() + b"\n"
    with _open(home.connect_socket, timeout + LIMIT) as asking:
        try:
            asking.sendall(wanted)
            line, handed = _answer(asking)
        except TimeoutError as error:
            raise _hung() from error
        except ConnectionError as error:
            raise HostError(_CUT, hint=_LOOK) from error
    said: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
    if handed is not None and "ok" in said:
        return Reached(handed, said["host_key"], said["user"], said["instance_id"])
    if handed is not None:
        handed.close()
    raise _error(said["error"]) if "error" in said else HostError(_CUT, hint=_LOOK)


_CUT = "The daemon went away before it handed the connection over."


def _answer(asking: socket.socket) -> tuple[bytes, socket.socket | None]:
    """One line and the socket that came with it."""
    line, handed = b"", None
    while not line.endswith(b"\n"):
        data, ancillary, _, _ = asking.recvmsg(65536, socket.CMSG_SPACE(array.array("i").itemsize))
        for level, kind, packed in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                (descriptor,) = array.array("i", packed[: array.array("i").itemsize])
                handed = socket.socket(fileno=descriptor)
        if not data:
            break
        line += data
    return line, handed


def hand_over(through: socket.socket, handed: socket.socket) -> None:
    """Give a socket away over another one, as OpenSSH's ProxyUseFdpass wants it: one byte and the descriptor."""
    socket.send_fds(through, [b"\0"], [handed.fileno()])
