"""What every request has in common, whatever it asks: who answers it, for which region, by whose key."""

from __future__ import annotations

import pytest

from .wire import Api, signed_request


@pytest.mark.parametrize(
    ("action", "common", "code"),
    [
        ("NoSuchAction", {}, "InvalidAction"),
        ("NoSuchAction", {"service": "127"}, "InvalidAction"),
        ("DescribeVpcs", {}, "InvalidAction"),
        ("DescribeZones", {"version": "2016-01-01"}, "NoSuchVersion"),
        ("DescribeZones", {"version": "2016-01-01", "service": "127"}, "NoSuchVersion"),
        ("DescribeZones", {"region": "ap-moon"}, "UnsupportedRegion"),
        ("DescribeZones", {"region": ""}, "MissingParameter"),
        ("DescribeZones", {"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ("DescribeZones", {"age": "301"}, "AuthFailure.SignatureExpire"),
        ("DescribeZones", {"age": "-310"}, "AuthFailure.SignatureExpire"),
    ],
)
def test_common_parameters_have_rules(api: Api, action: str, common: dict[str, str], code: str) -> None:
    assert api.code(action, None, **common) == code


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("127", "127.0.0.1:8321"),
        ("localhost:8321", "localhost:8321"),
        ("localhost", "http://localhost:8321/"),
        ("cvm", "127.0.0.1:8321"),
        ("cvm", "vmsim.example:8321"),
        ("vmsim", "vmsim.example:8321"),
        ("tencentcloudapi", "cvm.tencentcloudapi.com"),
    ],
)
def test_the_service_is_found_whatever_the_client_calls_it(api: Api, service: str, host: str) -> None:
    api.ok("DescribeZones", service=service, host=host)


@pytest.mark.parametrize(
    "host", ["postgres.tencentcloudapi.com", "postgres.ap-guangzhou.tencentcloudapi.com:443", "127.0.0.1:8321"]
)
def test_another_product_is_not_answered_for(api: Api, host: str) -> None:
    """This one has a DescribeZones too, of the same version."""
    refused = api.call("DescribeZones", service="postgres", host=host)["Error"]
    assert (refused["Code"], "postgres" in refused["Message"]) == ("UnsupportedOperation", True)


def test_a_body_that_is_not_json_is_refused(api: Api) -> None:
    assert api.send(signed_request("DescribeZones", body="{"))["Error"]["Code"] == "InvalidParameter"
