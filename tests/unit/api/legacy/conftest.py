from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_fixture import opened
from vmsim.cloud.context import Cloud
from vmsim.store import key_pairs

from .legacy_wire import SECRET_ID, SECRET_KEY, LegacyClient


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("VMSIM_CACHE", str(tmp_path / "cache"))
    with opened(tmp_path) as made:
        with made.store.writing() as connection:
            key_pairs.add_api_key(connection, SECRET_ID, SECRET_KEY, "test", made.clock.now())
        yield made


@pytest.fixture
def client(cloud: Cloud) -> LegacyClient:
    return LegacyClient(cloud)
