from __future__ import annotations

import pytest

from vmsim.client import Client
from vmsim.model.errors import NotFound, Refused, UsageError


def test_a_made_key_answers_its_private_half_once(client: Client) -> None:
    made = client.post("/v1/keys", {"name": "laptop"})
    assert "PRIVATE KEY" in made["private_key"]
    (listed,) = client.get("/v1/keys")["keys"]
    assert listed["id"] == made["key"]["id"] and "private_key" not in listed


def test_an_imported_key_is_kept_as_it_is(client: Client) -> None:
    public = client.post("/v1/keys", {"name": "a"})["key"]["public_key"]
    imported = client.post("/v1/keys", {"name": "b", "region": "ap-tokyo", "public_key": public})
    assert "private_key" not in imported
    assert client.get("/v1/keys", region="ap-tokyo")["keys"][0]["public_key"].split()[:2] == public.split()[:2]


def test_a_key_is_deleted_by_name(client: Client) -> None:
    client.post("/v1/keys", {"name": "laptop"})
    client.delete("/v1/keys/laptop")
    assert client.get("/v1/keys")["keys"] == []
    with pytest.raises(NotFound):
        client.delete("/v1/keys/laptop")


def test_a_key_in_use_stays(client: Client) -> None:
    client.post("/v1/instances", {"default_key": True})
    with pytest.raises(Refused):
        client.delete("/v1/keys/vmsim")


def test_there_is_no_key_where_there_is_no_region(client: Client) -> None:
    with pytest.raises(UsageError, match="There is no region 'nowhere'"):
        client.get("/v1/keys", region="nowhere")
    with pytest.raises(UsageError, match="There is no region 'nowhere'"):
        client.post("/v1/keys", {"name": "a", "region": "nowhere"})


def test_what_is_no_key_is_refused(client: Client) -> None:
    with pytest.raises(UsageError):
        client.post("/v1/keys", {"name": "bad", "public_key": "nonsense"})
