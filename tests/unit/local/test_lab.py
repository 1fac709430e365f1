from __future__ import annotations

import pytest

from vmsim.client import Client
from vmsim.model.errors import UsageError


def test_the_status_is_answered(client: Client) -> None:
    assert client.get("/v1/status")["connected"] is True


def test_shutting_down_nothing_ends_at_once(client: Client) -> None:
    assert list(client.post_stream("/v1/shutdown", {"limit": 1})) == []


def test_the_limit_is_a_number(client: Client) -> None:
    for limit in ("long", 1e300, -1):
        with pytest.raises(UsageError, match="limit"):
            list(client.post_stream("/v1/shutdown", {"limit": limit}))
