"""A home with its lab up for the tests of one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stub_lab import SETTINGS, STUB_DAEMON
from vmsim import config
from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import images
from vmsim.lab.lab import Lab

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


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def make(name: str = "home", *daemon: str, **settings: Any) -> Lab:
        argv = (*(daemon or STUB_DAEMON),)
        made.append(Lab(Home(tmp_path / name), replace(SETTINGS, **settings), daemon=argv))
        return made[-1]

    yield make
    for lab in made:
        lab.down(limit=1.0)


@pytest.fixture(scope="module")
def image_cache(ordinary_user: str) -> Path:
    """The ordinary user's own built images."""
    images.ensure(images.DEFAULT, print)
    cache = Path(f"/home/{ordinary_user}/cache")
    shutil.copytree(config.cache() / "images", cache / "images")
    command.run(["chown", "--recursive", f"{ordinary_user}:", cache])
    return cache
