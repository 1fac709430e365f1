from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.cli import environment

CA, BUNDLE = Path("/h/ca/ca.pem"), Path("/h/ca/bundle.pem")


def inside(outside: dict[str, str]) -> dict[str, str]:
    more = environment.way_in(outside, "http://127.0.0.1:9", "http://127.0.0.1:8321", CA, BUNDLE)
    return {**outside, **more}


@pytest.mark.parametrize(
    "outside",
    [
        {},
        {"HTTPS_PROXY": "http://p:1", "no_proxy": "a", "PYTHONPATH": "/x", "SSL_CERT_FILE": "/y", "OTHER": "z"},
        {"CURL_CA_BUNDLE": "/b", "NODE_EXTRA_CA_CERTS": "/c"},
    ],
)
def test_the_way_out_leads_back(outside: dict[str, str]) -> None:
    made = inside(outside)
    assert {made[name] for name in ("HTTPS_PROXY", "https_proxy", "http_proxy")} == {"http://127.0.0.1:9"}
    environment.leave(made)
    assert made == outside
    environment.leave(made)
    assert made == outside


def test_what_was_there_is_kept_behind() -> None:
    made = inside({"PYTHONPATH": "/x:/y", "NODE_EXTRA_CA_CERTS": "/c", "REQUESTS_CA_BUNDLE": "/r"})
    shim, *rest = made["PYTHONPATH"].split(":")
    assert (Path(shim) / "sitecustomize.py").is_file() and rest == ["/x", "/y"]
    assert made["NODE_EXTRA_CA_CERTS"] == made["REQUESTS_CA_BUNDLE"] == str(BUNDLE)
    assert inside({})["NODE_EXTRA_CA_CERTS"] == str(CA) and "REQUESTS_CA_BUNDLE" not in inside({})


@pytest.mark.parametrize("given", ["*", ".com", "tencentcloudapi.com", "*.tencentcloudapi.com", "cvm.api.qcloud.com"])
def test_nothing_leads_the_cloud_past_the_proxy(given: str) -> None:
    made = inside({"NO_PROXY": f" intranet, {given},10.0.0.0/8"})
    assert made["NO_PROXY"] == made["no_proxy"] == "intranet,10.0.0.0/8,localhost,127.0.0.1,http://127.0.0.1:8321"


@pytest.mark.parametrize("kept", ["", "[]", "{", "1"])
def test_a_broken_note_is_dropped(kept: str) -> None:
    made = {environment.BEFORE: kept, "A": "b"}
    environment.leave(made)
    assert made == {"A": "b"}
