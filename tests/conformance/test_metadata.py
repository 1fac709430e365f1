"""The SDK's own credentials of a CVM role: found by `http_proxy` alone, and what is signed with them is accepted."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from vmsim.cloud import temporary_keys
from vmsim.host import command

from .wire import Api, signed_request

PROGRAM = """
import json, sys
from tencentcloud.common.credential import CVMRoleCredential, DefaultCredentialProvider
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312.cvm_client import CvmClient

role = CVMRoleCredential() if sys.argv[1] == "role" else DefaultCredentialProvider().get_credential()
profile = ClientProfile(httpProfile=HttpProfile(protocol="http"), signMethod=sys.argv[2])
print(json.dumps(CvmClient(role, "ap-guangzhou", profile).call_json("DescribeZones", {})))
"""


@pytest.mark.parametrize("method", ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"])
def test_a_program_that_believes_it_runs_in_an_instance(port: int, method: str) -> None:
    assert ran(port, "role", method)["Response"]["TotalCount"] > 0


def test_a_program_that_looks_for_credentials_everywhere(port: int) -> None:
    assert ran(port, "anything", "TC3-HMAC-SHA256")["Response"]["TotalCount"] > 0


def ran(port: int, *words: str) -> dict[str, Any]:
    environment = {"http_proxy": f"http://127.0.0.1:{port}", "HOME": "/nonexistent"}
    done = command.run([sys.executable, "-c", PROGRAM, *words], env=environment, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_temporary_key_is_nothing_without_its_token(api: Api) -> None:
    key = temporary_keys.of_role(api.cloud, "vmsim")
    for token, code in (("", "AuthFailure.TokenFailure"), ("x", "AuthFailure.TokenFailure"), (key.token, "")):
        wire = signed_request("DescribeZones", secret_id=key.secret_id, secret_key=key.secret_key, token=token)
        assert api.send(wire).get("Error", {}).get("Code", "") == code


def test_an_ended_key_is_refused(api: Api) -> None:
    key = temporary_keys.of_role(api.cloud, "vmsim")
    assert key.expires.timestamp() > time.time() + 600
    with api.cloud.store.writing() as connection:
        connection.exec_driver_sql("UPDATE temporary_keys SET expires = '2026-01-01T00:00:00.000000Z'")
    wire = signed_request("DescribeZones", secret_id=key.secret_id, secret_key=key.secret_key, token=key.token)
    assert api.send(wire)["Error"]["Code"] == "AuthFailure.TokenFailure"


def test_a_permanent_keys_token_means_nothing(api: Api) -> None:
    assert "Error" not in api.send(signed_request("DescribeZones", token="left over"))
