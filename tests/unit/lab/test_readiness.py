from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.host import command
from vmsim.lab import readiness
from vmsim.model import last_words
from vmsim.model.errors import HostError, TimedOut


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "api.sock"))
        made.listen()
        yield made


@pytest.fixture
def own_pidfd() -> Iterator[int]:
    descriptor = os.pidfd_open(os.getpid())
    yield descriptor
    os.close(descriptor)


def answer(listening: socket.socket, *answers: bytes) -> threading.Thread:
    def serve() -> None:
        for each in answers:
            client, _ = listening.accept()
            with client:
                client.recv(4096)
                client.sendall(each)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_an_answer_ends_the_wait(tmp_path: Path, listening: socket.socket, own_pidfd: int) -> None:
    # The first daemon dies while it answers, the second is not ready, the third is.
    thread = answer(listening, b"", b"HTTP/1.1 503 Starting\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    readiness.wait(tmp_path / "api.sock", own_pidfd, tmp_path / "children.json", tmp_path, 30, lambda _: None)
    thread.join()


@pytest.mark.usefixtures("listening")
def test_silence_ends_at_the_limit(tmp_path: Path, own_pidfd: int) -> None:
    (tmp_path / "daemon.log").write_text("still thinking\n")
    with pytest.raises(TimedOut, match="still thinking"):
        readiness.wait(tmp_path / "api.sock", own_pidfd, tmp_path / "children.json", tmp_path, 0.5, lambda _: None)


@pytest.mark.usefixtures("listening")
def test_a_child_that_keeps_ending_ends_it(tmp_path: Path, own_pidfd: int) -> None:
    children = tmp_path / "children.json"
    children.write_text('{"libvirtd": {"pid": null, "restarts": 9, "ended": "exit code 1"}}')
    (tmp_path / "libvirtd.log").write_text("no such user\n")
    with pytest.raises(HostError, match=r"libvirtd keeps ending.\nno such user"):
        readiness.wait(tmp_path / "api.sock", own_pidfd, children, tmp_path, 30, lambda _: None)
    assert readiness.child(children, "libvirtd").ended == "exit code 1"


@pytest.mark.usefixtures("listening")
def test_the_last_words_of_a_daemon_are_its_error(tmp_path: Path, own_pidfd: int) -> None:
    children = tmp_path / "children.json"
    children.write_text('{"daemon": {"pid": null, "restarts": 9, "ended": "exit code 1"}}')
    words = last_words.said(HostError("The database is odd:\nvery.", hint="Restore it."))
    (tmp_path / "daemon.log").write_text(f"Traceback\n{last_words.said(OSError(2, 'No', '/x'))}\n...\n{words}\n")
    with pytest.raises(HostError) as found:
        readiness.wait(tmp_path / "api.sock", own_pidfd, children, tmp_path, 30, lambda _: None)
    assert (found.value.message, found.value.hint) == ("The database is odd:\nvery.", "Restore it.")


@pytest.mark.usefixtures("listening")
def test_the_end_of_the_lab_ends_it(tmp_path: Path) -> None:
    process = command.start(["true"])
    pidfd = os.pidfd_open(process.pid)
    process.wait()
    with pytest.raises(HostError, match="ended while it was starting"):
        readiness.wait(tmp_path / "api.sock", pidfd, tmp_path / "children.json", tmp_path, 30, lambda _: None)
    os.close(pidfd)
