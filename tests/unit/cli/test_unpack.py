from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from vmsim.cli import unpack
from vmsim.model.errors import OperationFailed


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    (made / "sub" / ("n" * 120)).mkdir(parents=True)
    (made / "a b").write_text("one")
    (made / "sub" / "run").write_bytes(os.urandom(3000))
    (made / "sub" / "run").chmod(0o755)
    (made / "sub" / "link").symlink_to("../a b")
    return made


def _packed(source: Path, name: str) -> io.BytesIO:
    stream = io.BytesIO()
    unpack.pack(stream, source, name)
    unpack.finish(stream)
    stream.seek(0)
    return stream


def test_a_tree_goes_through_unchanged(tree: Path, tmp_path: Path) -> None:
    unpack.unpack(_packed(tree, "new"), "new", tmp_path / "back")
    back = tmp_path / "back"
    assert (back / "a b").read_text() == "one"
    assert (back / "sub" / "run").read_bytes() == (tree / "sub" / "run").read_bytes()
    assert (back / "sub" / "run").stat().st_mode & 0o777 == 0o755
    assert str((back / "sub" / "link").readlink()) == "../a b"
    assert (back / "sub" / ("n" * 120)).is_dir()


def test_tar_itself_reads_what_we_pack(tree: Path) -> None:
    with tarfile.open(fileobj=_packed(tree, "new")) as archive:
        assert {"new", "new/a b", "new/sub/run"} <= set(archive.getnames())
        assert {member.uid for member in archive.getmembers()} == {0}


def test_a_file_and_a_link_to_one(tree: Path, tmp_path: Path) -> None:
    unpack.unpack(_packed(tree / "sub" / "link", "x"), "x", tmp_path / "y")
    assert (tmp_path / "y").read_text() == "one"


def _archive(*members: tarfile.TarInfo) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for member in members:
            member.size = 4 if member.isreg() else 0
            archive.addfile(member, io.BytesIO(b"evil"))
    stream.seek(0)
    return stream


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


@pytest.mark.parametrize("name", ["../evil", "/evil", "d/../../evil", "other"])
def test_a_guest_cannot_write_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperationFailed, match="outside"):
        unpack.unpack(_archive(_member(name)), "d", tmp_path / "d")
    assert not (tmp_path / "evil").exists()


def test_nor_through_a_link_it_sent(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    sent = _archive(_member("d", tarfile.DIRTYPE), _member("d/l", tarfile.SYMTYPE, str(elsewhere)), _member("d/l/evil"))
    with pytest.raises(OperationFailed, match="leads out"):
        unpack.unpack(sent, "d", tmp_path / "d")
    assert list(elsewhere.iterdir()) == []


def test_nor_overwrite_what_a_link_points_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    sent = _archive(_member("d", tarfile.DIRTYPE), _member("d/l", tarfile.SYMTYPE, str(precious)), _member("d/l"))
    unpack.unpack(sent, "d", tmp_path / "d")
    assert precious.read_text() == "mine" and (tmp_path / "d" / "l").read_text() == "evil"


def test_a_hard_link_becomes_a_copy(tmp_path: Path) -> None:
    sent = _archive(_member("d", tarfile.DIRTYPE), _member("d/a"), _member("d/b", tarfile.LNKTYPE, "d/a"))
    unpack.unpack(sent, "d", tmp_path / "d")
    assert (tmp_path / "d" / "b").read_text() == "evil"


def test_nothing_is_written_of_an_empty_stream(tmp_path: Path) -> None:
    unpack.unpack(io.BytesIO(b""), "d", tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_a_file_that_shrinks_while_it_is_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("some")
    with pytest.raises(OperationFailed, match="shorter"):
        unpack.contents(io.BytesIO(), tmp_path / "log", 5)


def test_of_one_that_grows_as_much_is_sent_as_was_announced(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("some more")
    unpack.contents(stream := io.BytesIO(), tmp_path / "log", 4)
    assert stream.getvalue() == b"some"
