"""Tencent's password rules, each broken alone, and the random one held to both."""

from __future__ import annotations

import pytest

from vmsim.model.errors import UsageError
from vmsim.model.password import Rule, check, check_creation, check_legacy, check_reset, random_password


@pytest.mark.parametrize("password", ["Abcdefg1", "abcdefg_1A", "<Abcdefgh>", "Aa1" * 10, "a(b)`~!@#A"])
def test_reset_accepts(password: str) -> None:
    check_reset(password, "root")


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("Abcdef1", "8 to 30 characters, not 7"),
        ("Aa1" * 10 + "x", "8 to 30 characters, not 31"),
        ("", "8 to 30 characters, not 0"),
        ("abcdefgh1", "at least 3 of"),
        ("abcdefgh!", "it has 2"),
        ("/Abcdefg1", "start with /"),
        ("Abcdefg 1", "only letters, digits"),
        ("Abcdefg1\\", "only letters, digits"),
        ('Abcdefg1"', "only letters, digits"),
        ("Äbcdefg1A", "only letters, digits"),
        ("Abcdefg1\n", "only letters, digits"),
    ],
)
def test_reset_names_the_broken_rule(password: str, rule: str) -> None:
    with pytest.raises(UsageError, match=rule) as caught:
        check_reset(password, "root")
    assert caught.value.code == "InvalidParameterValue.InvalidPassword"


def test_windows_is_stricter() -> None:
    check_reset("Abcdefghij12", "Administrator")
    with pytest.raises(UsageError, match="12 to 30"):
        check_reset("Abcdefghi12", "Administrator")
    with pytest.raises(UsageError, match="user name"):
        check_reset("xAdministrator1", "Administrator")


@pytest.mark.parametrize("password", ["abcdefg1", "/abcdefg", "ABCDEFGH1", "1234567!"])
def test_creation_accepts(password: str) -> None:
    check_creation(password)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("abcdef1", "8 to 30"),
        ("abcdefgh", "at least 2 of"),
        ("abcdefgh_", "only letters, digits"),
        ("abcdefg<1", "only letters, digits"),
    ],
)
def test_creation_names_the_broken_rule(password: str, rule: str) -> None:
    with pytest.raises(UsageError, match=rule) as caught:
        check_creation(password)
    assert caught.value.code == "InvalidParameterValue.InvalidPassword"


def test_random_passwords_obey_both_rules_and_differ() -> None:
    made = {random_password() for _ in range(300)}
    assert len(made) == 300
    for password in made:
        check_creation(password)
        check_reset(password, "root")
        check_reset(password, "Administrator")


@pytest.mark.parametrize("given", ["abcd1234", "ABCD!!!!", "12345678901234,."])
def test_the_legacy_rule_takes(given: str) -> None:
    check_legacy(given, "root")


@pytest.mark.parametrize(
    ("given", "user", "rule"),
    [
        ("abc1234", "root", "8 to 16"),
        ("abcd1234abcd12345", "root", "8 to 16"),
        ("abcdEFGH", "root", "at least 2"),
        ("abcd 1234", "root", "only letters"),
        ("abcd1234", "Administrator", "12 to 16"),
        ("abcdefgh1234", "Administrator", "at least 3"),
    ],
)
def test_the_legacy_rule_refuses(given: str, user: str, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        check_legacy(given, user)


def test_each_rule_goes_by_its_name() -> None:
    check("abcd1234", "", Rule.LEGACY)
    with pytest.raises(UsageError):
        check("abcd1234", "", Rule.RESET)
