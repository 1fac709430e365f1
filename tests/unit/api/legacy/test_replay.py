from __future__ import annotations

import pytest

from vmsim.api.legacy.replay import Nonces
from vmsim.api.signature import WINDOW
from vmsim.model.errors import UsageError


def used_again(nonces: Nonces, secret_id: str, nonce: str, now: float) -> bool:
    try:
        nonces.use(secret_id, nonce, now)
    except UsageError as error:
        assert error.code == "ReplayAttack"
        return True
    return False


def test_a_number_is_used_once_within_the_window() -> None:
    nonces = Nonces()
    nonces.use("a", "1", 0)
    assert used_again(nonces, "a", "1", 0)
    assert used_again(nonces, "a", "1", 2 * WINDOW - 1)
    assert not used_again(nonces, "b", "1", 0)
    assert not used_again(nonces, "a", "2", 0)
    assert not used_again(nonces, "a", "1", 2 * WINDOW)


@pytest.mark.parametrize("most", [1, 3])
def test_what_is_remembered_is_bounded(most: int) -> None:
    nonces = Nonces(most)
    for number in range(10):
        nonces.use("a", str(number), 0)
    assert all(used_again(nonces, "a", str(number), 0) for number in range(10 - most, 10))
    assert not used_again(nonces, "a", "0", 0)
