"""Tencent Cloud's rules for login passwords, and a random password that obeys them all.

Two rules, because the cloud has two: one for a password given at creation (LoginSettings.Password), a stricter one for
ResetInstancesPassword. A refusal is a UsageError whose sentence names the rule that was broken.
"""

from __future__ import annotations

import secrets
import string

from vmsim.model.errors import UsageError

CODE = "InvalidParameterValue.InvalidPassword"
WINDOWS_USER = "Administrator"

_LETTERS_AND_DIGITS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
SPECIAL_AT_CREATION = "()`~!@#$%^&*-+=|{}[]:;',.?/"
SPECIAL_AT_RESET = "()`~!@#$%^&*-+=_|{}[]:;'<>,.?/"
_CLASS_NAMES = "lower-case letters, upper-case letters, digits, special characters"
_LONGEST = 30
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


def random_password() -> str:
    """One that both rules accept, from the operating system's randomness."""
    chosen = [secrets.choice(letters) for letters in _RANDOM_CLASSES]
    everything = "".join(_RANDOM_CLASSES)
    chosen += [secrets.choice(everything) for _ in range(_RANDOM_LENGTH - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _check(password: str, special: str, *, shortest: int, classes: int) -> None:
    if not shortest <= len(password) <= _LONGEST:
        raise _weak(f"must have {shortest} to {_LONGEST} characters, not {len(password)}")
    kinds = (*_LETTERS_AND_DIGITS, special)
    if any(all(character not in kind for kind in kinds) for character in password):
        raise _weak(f"may contain only letters, digits and {special}")
    present = sum(any(character in kind for character in password) for kind in kinds)
    if present < classes:
        raise _weak(f"must have at least {classes} of: {_CLASS_NAMES}; it has {present}")


def _weak(rule: str) -> UsageError:
    return UsageError(f"The password {rule}.", code=CODE)
