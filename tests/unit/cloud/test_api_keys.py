from __future__ import annotations

import json
import stat

import pytest

from vmsim.cloud import api_keys
from vmsim.cloud.context import Cloud
from vmsim.model.errors import InUse, NotFound, Refused, UsageError


def told(cloud: Cloud) -> dict[str, str]:
    """What `vmsim env` reads."""
    found: dict[str, str] = json.loads(cloud.home.credentials.read_text())
    return found


def test_a_home_has_a_key_that_only_its_user_can_read(cloud: Cloud) -> None:
    api_keys.ensure_first(cloud)
    (first,) = api_keys.listing(cloud)
    assert told(cloud)["secret_id"] == first.secret_id
    assert api_keys.secret_of(cloud, first.secret_id) == told(cloud)["secret_key"]
    assert stat.S_IMODE(cloud.home.credentials.stat().st_mode) == 0o600
    api_keys.ensure_first(cloud)
    assert api_keys.listing(cloud) == [first]


def test_a_lost_file_is_made_again(cloud: Cloud) -> None:
    api_keys.ensure_first(cloud)
    before = told(cloud)
    cloud.home.credentials.unlink()
    api_keys.ensure_first(cloud)
    assert told(cloud) == before


def test_keys_are_told_apart(cloud: Cloud) -> None:
    api_keys.ensure_first(cloud)
    made, secret = api_keys.create(cloud, "ci")
    assert [key.name for key in api_keys.listing(cloud)] == ["first", "ci"]
    assert api_keys.secret_of(cloud, made.secret_id) == secret != told(cloud)["secret_key"]
    with pytest.raises(Refused):
        api_keys.create(cloud, "ci")
    with pytest.raises(UsageError):
        api_keys.create(cloud, " ci")


@pytest.mark.parametrize("by", ["secret_id", "name"])
def test_a_disabled_key_is_let_in_no_more(cloud: Cloud, by: str) -> None:
    api_keys.ensure_first(cloud)
    made, _ = api_keys.create(cloud, "ci")
    for _ in range(2):
        assert not api_keys.disable(cloud, getattr(made, by)).enabled
    assert api_keys.secret_of(cloud, made.secret_id) is None
    api_keys.delete(cloud, getattr(made, by))
    with pytest.raises(NotFound):
        api_keys.delete(cloud, getattr(made, by))


@pytest.mark.parametrize("end", [api_keys.disable, api_keys.delete])
def test_the_file_moves_on_to_the_next_key(cloud: Cloud, end: object) -> None:
    assert callable(end)
    api_keys.ensure_first(cloud)
    made, secret = api_keys.create(cloud, "ci")
    end(cloud, "first")
    assert told(cloud) == {"secret_id": made.secret_id, "secret_key": secret}


@pytest.mark.parametrize("end", [api_keys.disable, api_keys.delete])
def test_the_last_enabled_key_stays(cloud: Cloud, end: object) -> None:
    assert callable(end)
    api_keys.ensure_first(cloud)
    api_keys.create(cloud, "ci")
    api_keys.disable(cloud, "ci")
    with pytest.raises(InUse):
        end(cloud, "first")
    assert api_keys.secret_of(cloud, told(cloud)["secret_id"]) is not None
