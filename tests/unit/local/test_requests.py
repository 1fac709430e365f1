from __future__ import annotations

import pytest

from vmsim.client import Client, _Connection
from vmsim.cloud.context import Cloud


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'{"name": "\\udcff"}', b'{"name": NaN}', b"[" * 10**5])
def test_a_body_that_is_no_object_is_malformed(cloud: Cloud, body: bytes) -> None:
    connection = _Connection(cloud.home.api_socket)
    connection.request("POST", "/v1/keys", body)
    with connection.getresponse() as reply:
        assert reply.status == 400
        assert b'"Malformed"' in reply.read()
    connection.close()


def test_the_user_is_kept_with_what_was_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    made = client.post("/v1/instances", {"default_key": True})
    assert made["operations"][0]["caller"] == {"how": "cli", "who": "somebody"}
