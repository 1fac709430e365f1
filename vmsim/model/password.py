"""Tencent Cloud's rules for login passwords, and a random password that obeys them all.

Three rules, because the cloud has three: one for a password given at creation (LoginSettings.Password), a stricter one
for ResetInstancesPassword, and that of the legacy API. A refusal is a UsageError whose sentence names the rule that was
broken.
"""

from __future__ import annotations

import secrets
import string
from enum import Enum

from vmsim.model.errors import UsageError

CODE = "InvalidParameterValue.InvalidPassword"
WINDOWS_USER = "Administrator"


class Rule(Enum):
    """Which rule a reset goes by."""

    RESET = "reset"
    LEGACY = "legacy"


_LETTERS_AND_DIGITS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
SPECIAL_AT_CREATION = "()`~!@#$%^&*-+=|{}[]:;',.?/"
SPECIAL_AT_RESET = "()`~!@#$%^&*-+=_|{}[]:;'<>,.?/"
_CLASS_NAMES = "lower-case letters, upper-case letters, digits, special characters"
_CLASS_NAMES_LEGACY = "letters, digits, special characters"
_LONGEST = 30
_LONGEST_LEGACY = 16
# What a person can type on any keyboard layout and paste into any shell without quoting, without look-alikes.
_RANDOM_CLASSES = ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "@%+=:,.-")
_RANDOM_LENGTH = 16


def check_creation(password: str) -> None:
    """The rule of RunInstances: 8 to 30 characters, at least 2 classes."""
    _check(password, SPECIAL_AT_CREATION, shortest=8, classes=2)


def check_reset(password: str, user_name: str) -> None:
    """The rule of ResetInstancesPassword; Windows' user has a longer minimum and may not be part of it."""
    windows = user_name == WINDOWS_USER
    if password.startswith("/"):
        raise _weak("must not start with /")
    if windows and user_name.lower() in password.lower():
        raise _weak(f"must not contain the user name {user_name}")
    _check(password, SPECIAL_AT_RESET, shortest=12 if windows else 8, classes=3)


def check_legacy(password: str, user_name: str) -> None:
    """The legacy API's: 8 to 16 characters, at least 2 of letters, digits, special; Windows 12 to 16, and 3 of 4."""
    windows = user_name == WINDOWS_USER
    letters = _LETTERS_AND_DIGITS if windows else (string.ascii_letters, string.digits)
    names = _CLASS_NAMES if windows else _CLASS_NAMES_LEGACY
    _check_length(password, 12 if windows else 8, _LONGEST_LEGACY)
    _check_classes(password, (*letters, SPECIAL_AT_CREATION), 3 if windows else 2, names)


def check(password: str, user_name: str, rule: Rule) -> None:
    """The rule for a password that replaces another one."""
    (check_legacy if rule is Rule.LEGACY else check_reset)(password, user_name)


def random_password() -> str:
    """One that both rules accept, from the operating system's randomness."""
    chosen = [secrets.choice(letters) for letters in _RANDOM_CLASSES]
    everything = "".join(_RANDOM_CLASSES)
    chosen += [secrets.choice(everything) for _ in range(_RANDOM_LENGTH - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _check(password: str, special: str, *, shortest: int, classes: int) -> None:
    _check_length(password, shortest, _LONGEST)
    _check_classes(password, (*_LETTERS_AND_DIGITS, special), classes, _CLASS_NAMES)


def _check_length(password: str, shortest: int, longest: int) -> None:
    if not shortest <= len(password) <= longest:
        raise _weak(f"must have {shortest} to {longest} characters, not {len(password)}")


def _check_classes(password: str, kinds: tuple[str, ...], classes: int, names: str) -> None:
    if any(all(character not in kind for kind in kinds) for character in password):
        raise _weak(f"may contain only letters, digits and {kinds[-1]}")
    present = sum(any(character in kind for character in password) for kind in kinds)
    if present < classes:
        raise _weak(f"must have at least {classes} of: {names}; it has {present}")


def _weak(rule: str) -> UsageError:
    return UsageError(f"The password {rule}.", code=CODE)
