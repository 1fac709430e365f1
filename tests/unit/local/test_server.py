from __future__ import annotations

import http.client
import json

import pytest

from vmsim.client import Client, _Connection
from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound


def test_an_unknown_path_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="/v1/nothing"):
        client.get("/v1/nothing")


@pytest.mark.parametrize("path", ["/v1/keys/a/b", "/v1/keys/", "/v1/instances/%0A", "/v1/keys/%0A"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
def test_whatever_the_path_and_the_method_nothing_is_found(client: Client, method: str, path: str) -> None:
    with pytest.raises(NotFound):
        client._call(method, path, None, repeatable=False)


def test_tencents_actions_are_answered_unsigned(cloud: Cloud) -> None:
    reply = _action(cloud, "DescribeRegions", {})
    assert reply["Response"]["RegionSet"]
    assert _action(cloud, "Explode", {})["Response"]["Error"]["Code"] == "InvalidAction"


def _action(cloud: Cloud, name: str, body: object) -> dict[str, dict[str, dict[str, str]]]:
    connection: http.client.HTTPConnection = _Connection(cloud.home.api_socket)
    headers = {
        "X-TC-Action": name,
        "X-TC-Version": "2017-03-12",
        "X-TC-Region": "ap-guangzhou",
        "Content-Type": "application/json",
    }
    connection.request("POST", "/", json.dumps(body), headers)
    with connection.getresponse() as reply:
        answer: dict[str, dict[str, dict[str, str]]] = json.loads(reply.read())
    connection.close()
    return answer
