from __future__ import annotations

from pathlib import Path

from vmsim.lab.logs import BoundedLog, bound, old, tail


def test_a_full_log_becomes_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    log = BoundedLog(path, limit=10)
    for word in (b"first\n", b"second\n", b"third\n"):
        log.write(word)
    assert path.read_bytes() == b"third\n"
    assert old(path).read_bytes() == b"second\n"


def test_more_than_the_limit_at_once_keeps_its_end(tmp_path: Path) -> None:
    BoundedLog(tmp_path / "log", limit=4).write(b"abcdefgh")
    assert (tmp_path / "log").read_bytes() == b"efgh"


def test_a_removed_log_is_begun_anew(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "log", limit=100)
    log.write(b"one")
    (tmp_path / "log").unlink()
    log.write(b"two")
    assert (tmp_path / "log").read_bytes() == b"two"


def test_what_cannot_be_written_is_dropped(tmp_path: Path) -> None:
    BoundedLog(tmp_path / "missing" / "log", limit=100).write(b"lost")
    assert not (tmp_path / "missing").exists()


def test_a_log_somebody_appends_to_is_cut_in_place(tmp_path: Path) -> None:
    path = tmp_path / "guest.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"x" * 90 + b"0123456789")
        number = path.stat().st_ino
        bound(path, limit=20)
        assert path.read_bytes() == b"0123456789"
        writer.write(b"!")
    assert path.read_bytes() == b"0123456789!"
    assert path.stat().st_ino == number


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"short")
    bound(tmp_path / "log", limit=20)
    bound(tmp_path / "missing", limit=20)
    assert (tmp_path / "log").read_bytes() == b"short"


def test_tail_goes_back_into_the_old_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    old(path).write_text("one\ntwo\n")
    path.write_text("three\n")
    assert tail(path, 2) == ["two", "three"]
    assert tail(tmp_path / "none") == []
