"""qemu-img's verbs on small images, and the lock of a process that writes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vmsim.host import command, qcow2
from vmsim.model.errors import CommandFailed, InUse, UsageError

pytestmark = pytest.mark.tools

MIB = 2**20


@contextmanager
def writer(disk: Path) -> Iterator[int]:
    """A process that holds the write lock; its pid."""
    address = {"type": "unix", "path": str(disk.parent / "s")}
    file = {"driver": "file", "filename": str(disk), "node-name": "f"}
    process = command.start(
        [
            *[
                "qemu-storage-daemon",
                "--blockdev",
                json.dumps(file),
            ],
            *["--blockdev", json.dumps({"driver": "qcow2", "file": "f", "node-name": "q"})],
            *["--nbd-server", json.dumps({"addr": address})],
            *["--export", json.dumps({"type": "nbd", "id": "e", "node-name": "q", "writable": True})],
        ]
    )
    try:
        deadline = time.monotonic() + 10
        while qcow2.lock_holder(disk) is None:
            assert process.poll() is None
            assert time.monotonic() < deadline
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_an_empty_disk_is_thin_and_whole(tmp_path: Path) -> None:
    disk = tmp_path / "with,comma and space"
    qcow2.create_empty(disk, 64 * MIB)
    info = qcow2.info(disk)
    assert (info.virtual_size, info.backing) == (64 * MIB, None)
    assert info.actual_size < MIB
    assert qcow2.check(disk).clean


def test_an_overlay_names_its_base_and_may_be_bigger(tmp_path: Path) -> None:
    base, same, bigger = tmp_path / "base", tmp_path / "same", tmp_path / "bigger"
    qcow2.create_empty(base, 64 * MIB)
    qcow2.create_overlay(same, base)
    qcow2.create_overlay(bigger, base, 128 * MIB)
    assert qcow2.info(same) == qcow2.Qcow2Info(64 * MIB, qcow2.info(same).actual_size, base)
    assert qcow2.info(bigger).virtual_size == 128 * MIB


def test_resize_grows_and_never_shrinks(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    qcow2.create_empty(disk, 64 * MIB)
    qcow2.resize(disk, 65 * MIB)
    with pytest.raises(UsageError, match="smaller"):
        qcow2.resize(disk, 64 * MIB)
    assert qcow2.info(disk).virtual_size == 65 * MIB


def test_commit_writes_into_the_base_which_grows_twice_the_same(tmp_path: Path) -> None:
    base, overlay = tmp_path / "base", tmp_path / "overlay"
    qcow2.create_empty(base, 64 * MIB)
    qcow2.create_overlay(overlay, base, 96 * MIB)
    command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 80M 1M", str(overlay)])
    for _ in range(2):
        qcow2.commit(overlay)
        assert qcow2.info(base).virtual_size == 96 * MIB
        assert qcow2.check(base).clean
        command.run(["qemu-io", "-f", "qcow2", "-c", "read -P 7 80M 1M", str(base)])


def test_commit_needs_a_base(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    qcow2.create_empty(disk, MIB)
    with pytest.raises(UsageError, match="no backing file"):
        qcow2.commit(disk)


def test_leaks_are_found_and_given_back(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    qcow2.create_empty(disk, 64 * MIB)
    command.run(["qemu-io", "-f", "qcow2", "-c", "write 0 1M", str(disk)])
    _forget_first_cluster(disk)
    found = qcow2.check(disk)
    assert not found.clean
    assert found.leaks > 0
    assert found.corruptions == 0
    qcow2.repair_leaks(disk)
    assert qcow2.check(disk).clean


def test_what_is_no_qcow2_cannot_be_checked(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"no image" * 1000)
    with pytest.raises(CommandFailed):
        qcow2.check(disk)


def test_the_writer_is_named_and_a_free_disk_has_none(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    qcow2.create_empty(disk, MIB)
    assert qcow2.lock_holder(disk) is None
    with writer(disk) as pid:
        assert qcow2.lock_holder(disk) == qcow2.LockHolder(pid, "qemu-storage-daemon")
        with pytest.raises(InUse, match=rf"qemu-storage-daemon \(pid {pid}\)"):
            qcow2.refuse_if_held(disk)
        with pytest.raises(CommandFailed):
            qcow2.info(disk)
        assert qcow2.info(disk, shared=True).virtual_size == MIB
    assert qcow2.lock_holder(disk) is None
    qcow2.refuse_if_held(disk)


def _forget_first_cluster(disk: Path) -> None:
    """Clear the first entry of the first L2 table: its cluster then belongs to nobody (qcow2 specification)."""
    with disk.open("r+b") as file:
        file.seek(40)
        file.seek(int.from_bytes(file.read(8), "big"))
        file.seek(int.from_bytes(file.read(8), "big") & 0x00FF_FFFF_FFFF_FE00)
        file.write(bytes(8))
        os.fsync(file.fileno())


def test_a_copy_has_the_whole_contents_and_depends_on_nothing(tmp_path: Path) -> None:
    base, overlay, copied = (tmp_path / name for name in ("base", "overlay", "copied"))
    qcow2.create_empty(base, MIB)
    command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 64k", base])
    qcow2.create_overlay(overlay, base)
    command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 8 64k 64k", overlay])
    qcow2.copy(overlay, copied, 2 * MIB)
    base.unlink()
    told = qcow2.info(copied)
    assert (told.virtual_size, told.backing) == (2 * MIB, None)
    for wanted in ("-P 7 0 64k", "-P 8 64k 64k", "-P 0 1M 1M"):
        command.run(["qemu-io", "-f", "qcow2", "-r", "-c", f"read {wanted}", copied])


def test_a_header_tells_the_backing_file_and_sizes_add_up(tmp_path: Path) -> None:
    base, overlay = tmp_path / "base", tmp_path / "overlay"
    qcow2.create_empty(base, 64 * MIB)
    command.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 4M", base])
    qcow2.create_overlay(overlay, base)
    assert (qcow2.backing_named_in(overlay), qcow2.backing_named_in(base)) == (str(base), "")
    assert 4 * MIB < qcow2.contents_bytes(base) < qcow2.contents_bytes(overlay) < 6 * MIB
    assert qcow2.contents_bytes(tmp_path / "none") == 0


def test_a_copy_tells_how_far_it_is_and_of_its_failure(tmp_path: Path) -> None:
    base, told = tmp_path / "base", list[int]()
    command.run(["qemu-img", "create", "-q", "-f", "raw", base, "1M"])
    qcow2.copy(base, tmp_path / "copied", form="raw", progress=told.append)
    assert all(0 <= percent <= 99 for percent in told)
    with pytest.raises(CommandFailed, match="Image is not in qcow2 format"):
        qcow2.copy(base, tmp_path / "again")
