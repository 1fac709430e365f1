"""The hash is SHA-512 crypt of the password, salted anew each time."""

from __future__ import annotations

import pytest

from vmsim.host import command
from vmsim.host.crypt_hash import sha512_crypt
from vmsim.model.errors import UsageError


@pytest.mark.tools
@pytest.mark.parametrize("password", ["Abc12345", "`~!@#$%^&*(){}", " leading"])
def test_hash_is_of_the_password(password: str) -> None:
    made = sha512_crypt(password)
    _, kind, salt, _ = made.split("$")
    assert kind == "6"
    again = command.run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"], stdin=password).stdout.strip()
    assert made == again
    assert sha512_crypt(password) != made


@pytest.mark.parametrize("password", ["", "two\nlines"])
def test_what_openssl_would_misread_is_refused(password: str) -> None:
    with pytest.raises(UsageError):
        sha512_crypt(password)
