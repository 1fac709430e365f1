"""OpenSSH's server settings for password login, as text. Pure.

sshd takes the *first* value it meets. Where sshd_config includes sshd_config.d before it says anything about passwords,
a file there that sorts first decides, and the image's own file stays untouched. Elsewhere (no Include, or servers older
than 8.2, to which the word is an error) a marked block at the head of sshd_config itself does.
"""

from __future__ import annotations

import re

DROP_IN = "/etc/ssh/sshd_config.d/00-vmsim.conf"
_BEGIN, _END = "# vmsim begin\n", "# vmsim end\n"
_BLOCK = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)
_INCLUDE = re.compile(r"^\s*include\s+\S*sshd_config\.d/", re.IGNORECASE)
_OURS = re.compile(r"^\s*(passwordauthentication|permitrootlogin|kbdinteractiveauthentication|match)\b", re.IGNORECASE)


def settings(password_login: bool) -> str:
    """Keyboard-interactive is a password by another name, through PAM."""
    if password_login:
        return "PasswordAuthentication yes\nPermitRootLogin yes\n"
    return "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"


def reads_drop_in(text: str) -> bool:
    """Does the Include come before anything that would win over it?"""
    for line in without_block(text).splitlines():
        if _INCLUDE.match(line):
            return True
        if _OURS.match(line):
            return False
    return False


def with_block(text: str, password_login: bool) -> str:
    return _BEGIN + settings(password_login) + _END + without_block(text)


def without_block(text: str) -> str:
    return _BLOCK.sub("", text)
