from __future__ import annotations

import os
from pathlib import Path

import pytest

from vmsim.lab.namespaces import run_mapped, subordinate_ids

LINES = """\
# comment
somebody:100000:65536
1234:200000:65536
short:300000:1000
short:400000:70000
broken
broken:x:y
"""


@pytest.fixture
def subuid(tmp_path: Path) -> Path:
    file = tmp_path / "subuid"
    file.write_text(LINES)
    return file


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("somebody", 1, (100000, 65536)),
        ("by_number", 1234, (200000, 65536)),
        ("short", 2, (400000, 70000)),
        ("broken", 3, None),
        ("nobody_here", 4, None),
    ],
)
def test_the_first_range_that_is_large_enough(
    subuid: Path, name: str, number: int, expected: tuple[int, int] | None
) -> None:
    assert subordinate_ids(subuid, name, number) == expected


def test_no_file_is_no_range(tmp_path: Path) -> None:
    assert subordinate_ids(tmp_path / "subuid", "somebody", 1) is None


@pytest.mark.tools
def test_run_mapped_is_root_in_a_mount_namespace_of_its_own(tmp_path: Path) -> None:
    done = run_mapped(["sh", "-ec", f"id -u; mount -t tmpfs tmpfs {tmp_path}; touch {tmp_path}/inside; exit 3"])
    assert (done.returncode, done.stdout) == (3, b"0\n")
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.tools
def test_run_mapped_can_give_files_to_other_ids(tmp_path: Path) -> None:
    file = tmp_path / "file"
    done = run_mapped(["sh", "-ec", f"touch {file}; chown 1000:1000 {file}; stat -c %u {file}"])
    assert done.stdout == b"1000\n"
    assert file.stat().st_uid != os.getuid()
    run_mapped(["rm", str(file)])
    assert not file.exists()
