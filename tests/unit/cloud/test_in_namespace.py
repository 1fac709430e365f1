"""The workers' part ends in `ip` and `nft`: each file of `in_namespace/` runs in a namespace of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vmsim.host import command

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent
TESTS = HERE.parents[1]


@pytest.mark.parametrize("file", ["performing.py", "binding.py", "not_charged.py", "removing.py"])
def test_in_a_namespace(file: str, tmp_path: Path) -> None:
    alone = ["unshare", "--map-root-user", "--net", "--"]
    session = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "session")]
    done = command.run(
        [*alone, *session, HERE / "in_namespace" / file],
        timeout=300,
        check=False,
        cwd=TESTS.parent,
        env={"PYTHONPATH": str(TESTS), "VMSIM_TEST_OUTSIDE": str(Path("/proc/self/ns/net").readlink())},
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
