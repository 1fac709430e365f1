from __future__ import annotations

import pytest

from vmsim.api import multipart
from vmsim.api.multipart import Part
from vmsim.model.errors import UsageError

BODY = b'--b\r\nContent-Disposition: form-data; name="A"; filename="A"\r\n\r\n\x00\r\n--\xff\r\n--b--\r\n'


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=b", 'multipart/form-data; Boundary="b"'])
def test_bytes_come_out_as_they_went_in(content_type: str) -> None:
    assert multipart.parts(BODY, content_type) == [Part("A", False, b"\x00\r\n--\xff")]


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_blanks_after_the_boundary_are_allowed(blank: str) -> None:
    body = BODY.replace(b"--b\r\n", f"--b{blank}\r\n".encode(), 1)
    assert [part.name for part in multipart.parts(body, "multipart/form-data; boundary=b")] == ["A"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BODY, "multipart/form-data"),
        (BODY, "multipart/form-data; boundary=c"),
        (BODY.replace(b'name="A"; ', b""), "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b"),
        (b"--b\r\n" * 5000 + b"--b--", "multipart/form-data; boundary=b"),
    ],
)
def test_what_is_no_multipart_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(UsageError) as caught:
        multipart.parts(body, content_type)
    assert caught.value.code == "InvalidParameter"
