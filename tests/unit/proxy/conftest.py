from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Served, served


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "ca") as made:
        yield made


@pytest.fixture
def open_proxy(tmp_path: Path) -> Iterator[Served]:
    """One that lets everything out."""
    with served(tmp_path / "ca", allow_internet=True) as made:
        yield made
