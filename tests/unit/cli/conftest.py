"""The command line against a real cloud, by its own entry point."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from local.serving import booted, made_cloud, served

from vmsim.cli import main
from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.lab.lab import Lab


@pytest.fixture(autouse=True)
def nobody_starts_a_lab(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that finds no daemon would start one, in the home of whoever runs the tests."""

    def refused(self: Lab, *_: object) -> NoReturn:
        raise AssertionError(f"this test starts a lab in {self.home.root}: it wants the fixture `cloud`")

    if request.node.get_closest_marker("tools") is None:
        monkeypatch.setattr(Lab, "up", refused)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with made_cloud(tmp_path, monkeypatch) as made, served(made):
        yield made


@pytest.fixture
def client(cloud: Cloud) -> Client:
    return Client(cloud.home.api_socket)


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Vmsim = Callable[..., Ran]


@pytest.fixture
def vmsim(capfd: pytest.CaptureFixture[str]) -> Vmsim:
    """`vmsim("list")` runs the whole command line in this process."""

    def run(*words: str) -> Ran:
        code = main.run(words)
        said = capfd.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def web(cloud: Cloud, client: Client) -> str:
    """The id of a running instance, web-1."""
    made = client.post("/v1/instances", {"name": "web-1", "default_key": True})["instances"][0]["id"]
    booted(cloud, made)
    return str(made)
