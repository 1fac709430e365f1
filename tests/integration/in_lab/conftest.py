"""Fixtures for the sessions that run inside a lab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vmsim.host.connection import Connection


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with Connection("qemu:///system") as opened:
        yield opened
