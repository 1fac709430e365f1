from __future__ import annotations

from vmsim.cloud import api_keys
from vmsim.cloud.context import Cloud

from .conftest import Vmsim


def test_a_key_from_its_making_to_its_end(cloud: Cloud, vmsim: Vmsim) -> None:
    api_keys.ensure_first(cloud)
    made = vmsim("key-id", "create", "ci")
    secret = made.out.split()[-1]
    assert made.code == 0 and "name    ci" in made.out
    listed = vmsim("key-id", "list")
    assert "first" in listed.out and "ci" in listed.out and secret not in listed.out
    assert secret not in vmsim("key-id", "list", "-o", "json").out
    assert "is disabled" in vmsim("key-id", "disable", "ci").out
    assert "disabled" in vmsim("key-id", "list").out
    refused = vmsim("key-id", "delete", "first")
    assert refused.code == 1 and "only API key that is enabled" in refused.err
    assert vmsim("key-id", "delete", "ci", "-o", "json").json()["api_key"]["name"] == "ci"
    assert vmsim("key-id", "delete", "ci").code == 1


def test_a_made_key_is_printed_for_programs(cloud: Cloud, vmsim: Vmsim) -> None:
    made = vmsim("key-id", "create", "ci", "--output", "json").json()
    assert made["api_key"]["secret_id"].startswith("AKID") and len(made["secret_key"]) == 32
