from __future__ import annotations

from datetime import timedelta

import pytest

from cloud_fixture import SetClock
from vmsim.cloud import temporary_keys
from vmsim.cloud.context import Cloud
from vmsim.model.errors import UsageError


def advance(cloud: Cloud, by: timedelta) -> None:
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(by.total_seconds())


def refused(cloud: Cloud, secret_id: str, token: str) -> str:
    with pytest.raises(UsageError) as caught:
        temporary_keys.secret_of(cloud, secret_id, token)
    assert caught.value.code == "AuthFailure.TokenFailure"
    return caught.value.message


def test_a_role_has_one_key_until_it_is_about_to_end(cloud: Cloud) -> None:
    first = temporary_keys.of_role(cloud, "vmsim")
    assert temporary_keys.of_role(cloud, "vmsim") == first
    assert temporary_keys.of_role(cloud, "another").secret_id != first.secret_id
    advance(cloud, temporary_keys.LASTS - temporary_keys.RENEWED)
    second = temporary_keys.of_role(cloud, "vmsim")
    assert second.secret_id != first.secret_id
    assert second.expires - cloud.clock.now() > timedelta(minutes=5)
    assert temporary_keys.secret_of(cloud, first.secret_id, first.token) == first.secret_key


def test_the_token_must_be_the_keys_own(cloud: Cloud) -> None:
    key = temporary_keys.of_role(cloud, "vmsim")
    assert temporary_keys.secret_of(cloud, key.secret_id, key.token) == key.secret_key
    for token in ("", "another", key.token + "x", "\u00fc"):
        assert "Token" in refused(cloud, key.secret_id, token)


def test_an_ended_key_is_known_for_a_day_as_ended(cloud: Cloud) -> None:
    key = temporary_keys.of_role(cloud, "vmsim")
    advance(cloud, temporary_keys.LASTS)
    assert "has ended" in refused(cloud, key.secret_id, key.token)
    advance(cloud, temporary_keys.KNOWN_AFTER + timedelta(seconds=1))
    temporary_keys.of_role(cloud, "vmsim")
    assert temporary_keys.secret_of(cloud, key.secret_id, key.token) is None


def test_a_key_does_not_show_its_secrets(cloud: Cloud) -> None:
    key = temporary_keys.of_role(cloud, "vmsim")
    assert key.secret_key not in repr(key) and key.token not in repr(key)
