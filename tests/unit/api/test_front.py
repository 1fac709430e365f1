"""One port, three ways to answer: whatever comes is answered in the form of the one that is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_fixture import opened
from vmsim.api.front import front
from vmsim.api.request import WireRequest
from vmsim.cloud.context import Cloud

TEXT = st.text(st.characters(codec="latin-1"), max_size=40)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with opened(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "host", "member"),
    [("/", "x", "Response"), ("/v2/index.php", "x", "codeDesc"), ("/v2/index.php/", "x", "Response")],
)
def test_the_envelope_goes_by_the_path(cloud: Cloud, path: str, host: str, member: str) -> None:
    answer = front(cloud, True)(WireRequest("GET", path, "Action=StopInstances", {"host": host}))
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert member in json.loads(answer.body)


def test_metadata_goes_by_the_host(cloud: Cloud) -> None:
    answer = front(cloud, True)(WireRequest("GET", "/v2/index.php", "", {"host": "metadata.tencentyun.com"}))
    assert (answer.status, answer.content_type) == (404, "text/plain")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "BREW"]),
    path=st.sampled_from(["/v2/index.php", "/latest/meta-data/"]) | TEXT.map(lambda text: "/" + text),
    query=TEXT | st.just("Action=DescribeInstances&Nonce=1&SecretId=a&Timestamp=1&Signature=b"),
    host=st.sampled_from(["x", "metadata.tencentyun.com", "cvm.api.qcloud.com"]),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", ""]),
    body=st.binary(max_size=60),
)
def test_anything_is_answered(
    cloud: Cloud, method: str, path: str, query: str, host: str, kind: str, body: bytes
) -> None:
    answer = front(cloud, True)(WireRequest(method, path, query, {"host": host, "content-type": kind}, body))
    if answer.content_type == "text/plain":
        assert answer.status in (200, 404, 405)
    else:
        told = json.loads(answer.body)
        code = told["Response"].get("Error", {}).get("Code") if "Response" in told else told["code"]
        assert code not in ("InternalError", 6000)
