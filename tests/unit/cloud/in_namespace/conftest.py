"""Only in a network namespace of its own (test_in_namespace.py makes it): the work touches addresses and filters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_fixture import opened
from vmsim.cloud.context import Cloud


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    assert os.environ["VMSIM_TEST_OUTSIDE"] != str(Path("/proc/self/ns/net").readlink()), (
        "not in the machine's own namespace"
    )
    monkeypatch.setenv("VMSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VMSIM_RUNTIME", str(tmp_path))
    with opened(tmp_path) as made:
        yield made
