from __future__ import annotations

import pytest

from vmsim.client import Client, segment
from vmsim.model.errors import InUse, Malformed, NotFound


def test_a_made_key_answers_its_secret_once(client: Client) -> None:
    made = client.post("/v1/api-keys", {"name": "a/b"})
    assert len(made["secret_key"]) == 32
    (listed,) = client.get("/v1/api-keys")["api_keys"]
    assert listed == made["api_key"] and made["secret_key"] not in str(listed)


def test_a_key_is_disabled_and_deleted_by_name(client: Client) -> None:
    client.post("/v1/api-keys", {"name": "first"})
    client.post("/v1/api-keys", {"name": "a/b"})
    assert not client.post(f"/v1/api-keys/{segment('a/b')}/disable")["api_key"]["enabled"]
    assert client.delete(f"/v1/api-keys/{segment('a/b')}")["api_key"]["name"] == "a/b"
    with pytest.raises(InUse):
        client.delete("/v1/api-keys/first")
    with pytest.raises(NotFound):
        client.delete("/v1/api-keys/nothing")


def test_a_name_is_text(client: Client) -> None:
    with pytest.raises(Malformed):
        client.post("/v1/api-keys", {"name": 1})
