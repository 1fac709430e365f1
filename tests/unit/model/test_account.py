from __future__ import annotations

from vmsim.model.account import account


def test_a_home_always_stands_for_the_same_account() -> None:
    assert account("/home/me/vmsim") == account("/home/me/vmsim") != account("/home/you/vmsim")


def test_numbers_look_like_the_clouds() -> None:
    found = account("/home/me/vmsim")
    assert len(str(found.uin)) == 12 and len(str(found.app_id)) == 10
    assert found.arn == f"qcs::cam:{found.uin}:uin/{found.uin}"
