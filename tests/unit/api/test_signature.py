"""Vectors computed with Tencent's SDK (invented credentials), and what a client or a stranger may change about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vmsim.api import request, signature
from vmsim.api.request import WireRequest
from vmsim.model.errors import VmsimError

SECRET_ID = "AKIDEXAMPLE0000000000000000000000000"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3Example"
NOW = 1551113065
SIGNATURE = "600dd68c1491759ccd37a465555178f3bb8158c72530c4d1f613fabfdf291f87"
AUTHORIZATION = (
    f"TC3-HMAC-SHA256 Credential={SECRET_ID}/2019-02-25/cvm/tc3_request, "
    f"SignedHeaders=content-type;host, Signature={SIGNATURE}"
)
TC3 = WireRequest(
    "POST",
    "/",
    "",
    {
        "host": "cvm.tencentcloudapi.com",
        "content-type": "application/json",
        "x-tc-action": "StopInstances",
        "x-tc-version": "2017-03-12",
        "x-tc-timestamp": str(NOW),
        "authorization": AUTHORIZATION,
    },
    b'{"InstanceIds": ["ins-aaaaaaaa"], "StopType": "SOFT"}',
)
OLD_NOW = 1465185768
OLD_QUERY = (
    "Action=StopInstances&InstanceIds.0=ins-aaaaaaaa&Nonce=11886&Region=ap-guangzhou"
    f"&SecretId={SECRET_ID}&SignatureMethod=%s&Timestamp={OLD_NOW}&Version=2017-03-12&Signature=%s"
)


def secret_of(secret_id: str) -> str | None:
    return SECRET_KEY if secret_id == SECRET_ID else None


def verified(wire: WireRequest, now: float = NOW) -> str:
    return signature.verify(wire, request.read(wire), secret_of, now)


def refused(wire: WireRequest, now: float = NOW) -> str:
    with pytest.raises(VmsimError) as caught:
        verified(wire, now)
    return caught.value.code


def with_headers(**changed: Any) -> WireRequest:
    return replace(TC3, headers={**TC3.headers, **{name.replace("_", "-"): text for name, text in changed.items()}})


def test_the_published_vector_is_accepted() -> None:
    assert verified(TC3) == SECRET_ID
    assert signature.scope_service(TC3) == "cvm"


@pytest.mark.parametrize(
    "host",
    [
        "http://cvm.tencentcloudapi.com",
        "http://cvm.tencentcloudapi.com/",
        "cvm.tencentcloudapi.com:8321",
        "CVM.tencentcloudapi.com",
    ],
)
def test_the_host_may_be_signed_without_what_the_header_adds(host: str) -> None:
    assert verified(with_headers(host=host)) == SECRET_ID


@pytest.mark.parametrize("path", ["/", "/path", "/a//b"])
def test_the_path_may_be_signed_as_the_root(path: str) -> None:
    assert verified(replace(TC3, path=path)) == SECRET_ID


@pytest.mark.parametrize(
    "changed",
    [
        replace(TC3, body=TC3.body + b" "),
        replace(TC3, method="GET"),
        with_headers(host="cbs.tencentcloudapi.com"),
        with_headers(content_type="application/json; charset=utf-8"),
        with_headers(x_tc_timestamp=str(NOW + 1)),
        with_headers(x_tc_content_sha256="UNSIGNED-PAYLOAD"),
        with_headers(authorization=AUTHORIZATION.replace("/cvm/", "/cbs/")),
        with_headers(authorization=AUTHORIZATION.replace("2019-02-25", "2019-02-26")),
        with_headers(authorization=AUTHORIZATION[:-1] + "8"),
    ],
)
def test_anything_else_that_was_signed_may_not_change(changed: WireRequest) -> None:
    assert refused(changed) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    "authorization",
    ["", "SKIP", "Basic abc", AUTHORIZATION + "x", AUTHORIZATION.replace("content-type;host", "host")],
)
def test_another_form_of_authorization_is_refused(authorization: str) -> None:
    assert refused(with_headers(authorization=authorization)) == "AuthFailure.InvalidAuthorization"


def test_an_unknown_key_is_refused() -> None:
    other = with_headers(authorization=AUTHORIZATION.replace(SECRET_ID, "AKIDother"))
    assert refused(other) == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize("apart", [-300, 300])
def test_the_clocks_may_differ_by_five_minutes(apart: int) -> None:
    assert verified(TC3, NOW + apart) == SECRET_ID
    beyond = 1 if apart > 0 else -1
    assert refused(TC3, NOW + apart + beyond) == "AuthFailure.SignatureExpire"


def test_a_timestamp_is_needed_and_is_a_number() -> None:
    assert refused(with_headers(x_tc_timestamp="")) == "MissingParameter"
    assert refused(with_headers(x_tc_timestamp="now")) == "InvalidParameterValue"


def test_a_token_is_not_the_signatures_business() -> None:
    assert verified(with_headers(x_tc_token="t")) == SECRET_ID


def test_only_what_the_cloud_lets_in_unsigned_may_skip_the_signature() -> None:
    skipped = with_headers(authorization="SKIP", x_tc_action="AssumeRoleWithWebIdentity")
    assert verified(skipped) == ""
    assert refused(with_headers(authorization="SKIP")) == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("HmacSHA256", "q8b6g3VKIES7WY%2FsWCdwsc6IoBGe6EooqMdL%2BxRkUag%3D"),
        ("HmacSHA1", "uWoEMCb4vEouGrxjCuTjpzxebfA%3D"),
    ],
)
def test_the_old_vectors_are_accepted(method: str, expected: str) -> None:
    wire = WireRequest("GET", "/", OLD_QUERY % (method, expected), {"host": "cvm.tencentcloudapi.com"})
    assert verified(wire, OLD_NOW) == SECRET_ID
    assert refused(replace(wire, query=wire.query.replace("aaaaaaaa", "aaaaaaab")), OLD_NOW) == (
        "AuthFailure.SignatureFailure"
    )
    assert refused(wire, OLD_NOW + 301) == "AuthFailure.SignatureExpire"


def test_an_old_signature_needs_its_parts() -> None:
    wire = WireRequest("GET", "/", OLD_QUERY % ("HmacSHA1", ""), {"host": "cvm.tencentcloudapi.com"})
    assert refused(wire, OLD_NOW) == "MissingParameter"
    wire = WireRequest("GET", "/", OLD_QUERY % ("HmacMD5", "x"), {"host": "cvm.tencentcloudapi.com"})
    assert refused(wire, OLD_NOW) == "AuthFailure.SignatureFailure"
