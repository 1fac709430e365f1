from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.store.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "vmsim.db")
    yield made
    made.close()
