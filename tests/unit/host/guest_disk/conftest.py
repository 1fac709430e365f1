"""A folder full of small guests (small_guests.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small_guests import Guests


@pytest.fixture
def guests(tmp_path: Path) -> Guests:
    return Guests(tmp_path)
