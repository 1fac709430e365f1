from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_fixture import opened
from vmsim.cloud.context import Cloud


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("VMSIM_CACHE", str(tmp_path / "cache"))
    with opened(tmp_path) as made:
        yield made
