from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_fixture import opened
from vmsim.cloud.context import Cloud
from vmsim.host.firewall import Firewall


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("VMSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Firewall, "apply", _in_namespace_only)
    with opened(tmp_path) as made:
        yield made


def _in_namespace_only(*_: object) -> None:
    raise AssertionError("this would change the machine's own filters: see in_namespace/")
