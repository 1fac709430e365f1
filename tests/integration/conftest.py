"""A home with its lab up for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import programs
from .homes import RunningHome, running_home


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(tmp_path_factory.mktemp("cloud") / "home") as made:
        yield made


@pytest.fixture(scope="session")
def tccli_program() -> Path:
    return programs.tccli()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    return programs.node_modules()
