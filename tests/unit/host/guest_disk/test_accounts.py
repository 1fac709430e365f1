"""passwd and shadow lines: only the user's own changes, and only what was meant."""

from __future__ import annotations

import pytest

from vmsim.host.guest_disk import accounts
from vmsim.model.errors import UsageError

SHADOW = "root:!:1:0:99999:7:::\nrooter:$6$a$b:5:0:99999:7:::\n"


def test_account() -> None:
    found = accounts.account("root:x:0:0:root:/root:/bin/sh\nu:x:7:8:a:/home/u:/bin/sh\n", "u")
    assert found == accounts.Account("u", 7, 8, "/home/u")
    with pytest.raises(UsageError, match="no user nobody"):
        accounts.account("root:x:0:0:root:/root:/bin/sh\n", "nobody")


def test_with_hash_changes_one_line_and_unlocks() -> None:
    assert accounts.with_hash(SHADOW, "root", "$6$n$n", 20000) == (
        "root:$6$n$n:20000:0:99999:7:::\nrooter:$6$a$b:5:0:99999:7:::\n"
    )


def test_with_hash_adds_a_missing_line() -> None:
    assert accounts.with_hash("a:x:1::::::", "b", "h", 3) == "a:x:1::::::\nb:h:3:0:99999:7:::\n"


def test_lock_and_unlock_are_each_others_reverse_and_harmless_twice() -> None:
    once = accounts.locked(SHADOW, "rooter")
    assert "rooter:*$6$a$b:" in once
    assert accounts.locked(once, "rooter") == once
    assert accounts.unlocked(once, "rooter") == SHADOW
    assert accounts.unlocked(SHADOW, "rooter") == SHADOW


def test_unlock_leaves_an_images_own_lock() -> None:
    own = "root:*:1:0:99999:7:::\n"
    assert accounts.unlocked(own, "root") == own
