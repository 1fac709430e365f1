"""Ids look as the cloud's do, and what cannot be one is refused with its code."""

from __future__ import annotations

import re
import uuid

import pytest

from vmsim.model import ids
from vmsim.model.errors import Malformed


@pytest.mark.parametrize("prefix", ["ins", "disk", "skey", "img", "vpc", "subnet"])
def test_a_new_id_is_one(prefix: str) -> None:
    made = {ids.new(prefix) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(prefix + "-[a-z0-9]{8}", ident) for ident in made)
    assert all(ids.check(prefix, ident) == ident for ident in made)


def test_a_derived_id_is_the_same_everywhere() -> None:
    assert ids.derived("img", "tiny") == "img-djg0t5bo"
    assert len({ids.derived(prefix, name) for prefix in ("img", "vpc") for name in ("a", "b")}) == 4


@pytest.mark.parametrize(
    "text",
    [
        *("", "ins-", "ins-1234567", "ins-123456789", "ins-ABCDEFGH", "ins-abc defg", "img-12345678", " ins-12345678"),
        *("ins-12345678\n", "xins-12345678", "ins_12345678", "ins-1234567é"),
    ],
)
def test_what_cannot_be_an_id(text: str) -> None:
    assert not ids.is_id("ins", text)
    with pytest.raises(Malformed, match="is no instance id") as caught:
        ids.check("ins", text)
    assert caught.value.code == "InvalidParameterValue.InstanceIdMalformed"


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("skey", "InvalidKeyPairId.Malformed"),
        ("img", "InvalidImageId.Malformed"),
        ("disk", "InvalidParameterValue"),
    ],
)
def test_the_code_is_the_nouns(prefix: str, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        ids.check(prefix, "nonsense")
    assert caught.value.code == code


def test_uuids() -> None:
    assert uuid.UUID(ids.new_uuid()).version == 4
    assert ids.new_uuid() != ids.new_uuid()
