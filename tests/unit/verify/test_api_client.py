"""The signature against a vector computed with Tencent's SDK, and the client against the real API over HTTP."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from vmsim.model.errors import HostError, Refused
from vmsim.verify.api_client import Api, authorization

SECRET_ID = "AKIDEXAMPLE0000000000000000000000000"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3Example"


def test_the_signature_is_the_sdk_s() -> None:
    body = b'{"InstanceIds": ["ins-aaaaaaaa"], "StopType": "SOFT"}'
    assert authorization(SECRET_ID, SECRET_KEY, "cvm", "cvm.tencentcloudapi.com", body, 1551113065) == (
        f"TC3-HMAC-SHA256 Credential={SECRET_ID}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
        "Signature=600dd68c1491759ccd37a465555178f3bb8158c72530c4d1f613fabfdf291f87"
    )


ANSWERS = {
    "Good": b'{"Response": {"RequestId": "r", "TotalCount": 1}}',
    "Bad": b'{"Response": {"RequestId": "r", "Error": {"Code": "InvalidParameter", "Message": "It is wrong."}}}',
    "Odd": b"<html>",
}


@pytest.fixture
def api() -> Iterator[Api]:
    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = ANSWERS[self.headers["X-TC-Action"]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Api(server.server_address[1], SECRET_ID, SECRET_KEY, "ap-guangzhou")
        server.shutdown()
        thread.join()


def test_a_reply_is_its_members(api: Api) -> None:
    assert api.call("Good") == {"RequestId": "r", "TotalCount": 1}


def test_a_refusal_has_the_published_code(api: Api) -> None:
    with pytest.raises(Refused, match=r"It is wrong\.") as caught:
        api.call("Bad")
    assert caught.value.code == "InvalidParameter"


def test_what_is_no_answer_is_the_host_s_fault(api: Api) -> None:
    with pytest.raises(HostError, match="Odd was not answered"):
        api.call("Odd")


def test_a_wrong_key_is_another_key(api: Api) -> None:
    assert api.with_wrong_key().secret_key not in ("", SECRET_KEY)
