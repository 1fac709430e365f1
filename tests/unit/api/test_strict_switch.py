from __future__ import annotations

import pytest

from vmsim.api import strict_switch


@pytest.mark.parametrize(("value", "strict"), [("yes", True), ("", False), ("no", False)])
def test_only_yes_switches_it_on(monkeypatch: pytest.MonkeyPatch, value: str, strict: bool) -> None:
    monkeypatch.setenv(strict_switch.VARIABLE, value)
    assert strict_switch.from_environment() is strict


def test_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(strict_switch.VARIABLE, raising=False)
    assert not strict_switch.from_environment()
