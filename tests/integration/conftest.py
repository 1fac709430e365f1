"""A home with its lab up for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .homes import RunningHome, running_home


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(tmp_path_factory.mktemp("cloud") / "home") as made:
        yield made
