from __future__ import annotations

import array
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vmsim import client as client_module
from vmsim.client import BUG, Client, hand_over
from vmsim.model.errors import HostError, LabNotRunning, NotFound, TimedOut, WrongState

Answer = Callable[[socket.socket], None]


@contextmanager
def _daemon(path: Path, *answers: Answer) -> Iterator[list[str]]:
    """A socket on which each connection in turn is answered by one of `answers`; gives the request lines heard."""
    heard: list[str] = []

    def serve() -> None:
        for answer in answers:
            connection, _ = listening.accept()
            with connection:
                heard.append(_request_line(connection))
                answer(connection)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(8)
        thread = threading.Thread(target=serve)
        thread.start()
        yield heard
        thread.join(10)
        assert not thread.is_alive()


def _request_line(connection: socket.socket) -> str:
    """Reads the whole request: closing a socket with something unread would break the client's reading."""
    with connection.makefile("rb") as said:
        first = said.readline().decode().strip()
        headers = dict(line.split(b":", 1) for line in iter(said.readline, b"\r\n"))
        said.read(int(headers.get(b"Content-Length", b"0")))
    return first


def _whole(body: object, status: str = "200 OK") -> Answer:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    return lambda connection: connection.sendall(head + data)


def _chunks(*lines: object, end: bool) -> Answer:
    """A stream; without `end` it breaks off, as when the daemon is killed."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for line in lines:
            data = json.dumps(line).encode() + b"\n" if line is not None else b"\n"
            connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        connection.sendall(b"0\r\n\r\n" if end else b"")

    return answer


def _killed(_connection: socket.socket) -> None:
    """Closes without a word."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


def test_no_socket_and_a_dead_one_mean_that_the_lab_does_not_run(path: Path) -> None:
    with pytest.raises(LabNotRunning):
        Client(path).get("/v1/status")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(LabNotRunning):
        Client(path).get("/v1/status")
    assert not Client(path).alive()


def test_a_query_is_encoded_and_nothing_is_sent_for_none(path: Path) -> None:
    with _daemon(path, _whole({"a": 1})) as heard:
        assert Client(path).get("/v1/x", name="a b", region=None, id=["1", "2"]) == {"a": 1}
    assert heard == ["GET /v1/x?name=a+b&id=1&id=2 HTTP/1.1"]


def test_a_get_is_asked_again_when_the_daemon_is_killed(path: Path) -> None:
    with _daemon(path, _killed, _whole({"a": 1})) as heard:
        assert Client(path).get("/v1/x") == {"a": 1}
    assert len(heard) == 2


def test_a_post_is_not_unless_that_is_harmless(path: Path) -> None:
    with _daemon(path, _killed) as heard, pytest.raises(HostError, match="may have been carried out"):
        Client(path).post("/v1/x", {})
    assert len(heard) == 1
    path.unlink()
    with _daemon(path, _killed, _whole({"a": 1})):
        assert Client(path).post("/v1/x", {}, repeatable=True) == {"a": 1}


def test_a_stream_that_breaks_off_is_taken_up_again(path: Path) -> None:
    with _daemon(path, _chunks({"n": 1}, end=False), _chunks({"n": 1}, {"n": 2}, end=True)):
        assert list(Client(path).stream("/v1/x")) == [{"n": 1}, {"n": 1}, {"n": 2}]


def test_events_go_on_after_the_last_one_seen(path: Path) -> None:
    with _daemon(path, _chunks({"sequence": 7}, end=False), _chunks({"sequence": 8}, end=True)) as heard:
        assert [event["sequence"] for event in Client(path).events(3)] == [7, 8]
    assert "since=3" in heard[0] and "since=7" in heard[1]


def test_a_cut_line_is_no_line(path: Path) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"n":\r\n')

    with _daemon(path, cut, _chunks({"n": 1}, end=True)):
        assert list(Client(path).stream("/v1/x")) == [{"n": 1}]


def test_heartbeats_are_skipped(path: Path) -> None:
    with _daemon(path, _chunks(None, {"n": 1}, None, end=True)):
        assert list(Client(path).stream("/v1/x")) == [{"n": 1}]


def test_a_daemon_that_does_not_come_back_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "RESTART", 0.05)
    monkeypatch.setattr(client_module, "_PAUSE", 0.06)
    with _daemon(path, _killed, _killed), pytest.raises(LabNotRunning, match="does not come back"):
        Client(path).get("/v1/x")


def test_a_silent_daemon_is_a_host_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LIMIT", 0.05)
    asked = threading.Event()
    with _daemon(path, _until(asked)):
        with pytest.raises(HostError, match="said nothing"):
            Client(path).get("/v1/x")
        asked.set()


def _until(asked: threading.Event) -> Answer:
    def silent(_connection: socket.socket) -> None:
        asked.wait(5)

    return silent


def _refusal(kind: str, **more: object) -> Answer:
    return _whole({"error": {"kind": kind, "message": "No.", "hint": "Try.", "code": "C", **more}}, "409 Conflict")


def test_errors_come_back_as_they_were(path: Path) -> None:
    with _daemon(path, _refusal("WrongState", data={"state": "STOPPED"})), pytest.raises(WrongState) as refused:
        Client(path).post("/v1/x")
    assert (str(refused.value), refused.value.hint, refused.value.code) == ("No.", "Try.", "C")
    assert refused.value.state == "STOPPED"


def test_an_error_ends_a_stream(path: Path) -> None:
    last = {"error": {"kind": "TimedOut", "message": "Late."}}
    with _daemon(path, _chunks({"n": 1}, last, end=True)), pytest.raises(TimedOut, match="Late"):
        list(Client(path).stream("/v1/x"))


@pytest.mark.parametrize("kind", ["Bug", "NoSuchKind", "annotations"])
def test_what_is_no_kind_of_ours_is_a_bug(path: Path, kind: str) -> None:
    with _daemon(path, _refusal(kind)), pytest.raises(HostError) as bug:
        Client(path).get("/v1/x")
    assert bug.value.code == BUG


def test_an_answer_that_is_not_ours_is_shown(path: Path) -> None:
    with _daemon(path, _whole("what?", "502 Bad Gateway")), pytest.raises(HostError, match="502"):
        Client(path).get("/v1/x")


def test_a_delete_and_a_patch_are_sent(path: Path) -> None:
    with _daemon(path, _whole({}), _whole({})) as heard:
        Client(path).delete("/v1/x", region="r")
        Client(path).patch("/v1/y", {"name": "n"})
    assert heard == ["DELETE /v1/x?region=r HTTP/1.1", "PATCH /v1/y HTTP/1.1"]


def test_a_socket_is_handed_over_as_openssh_wants_it() -> None:
    ours, theirs = socket.socketpair()
    guest, given = socket.socketpair()
    with ours, theirs, guest:
        hand_over(theirs, given)
        given.close()
        data, ancillary, _, _ = ours.recvmsg(10, socket.CMSG_SPACE(4))
        assert data == b"\0"
        (descriptor,) = array.array("i", ancillary[0][2])
        with socket.socket(fileno=descriptor) as received:
            received.sendall(b"x")
            assert guest.recv(1) == b"x"


def test_a_missing_thing_keeps_its_kind(path: Path) -> None:
    with _daemon(path, _refusal("NotFound", data={"kind": "image", "ident": "x"})), pytest.raises(NotFound) as missing:
        Client(path).get("/v1/x")
    assert missing.value.kind == "image"
