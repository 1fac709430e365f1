"""The local API over a real cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmsim.client import Client
from vmsim.cloud.context import Cloud

from .serving import made_cloud, served


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with made_cloud(tmp_path, monkeypatch) as made, served(made):
        yield made


@pytest.fixture
def client(cloud: Cloud) -> Client:
    return Client(cloud.home.api_socket)
