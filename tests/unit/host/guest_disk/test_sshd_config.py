"""Which file decides about password logins, and what the block at the head does to the rest: nothing."""

from __future__ import annotations

import pytest

from vmsim.host.guest_disk import sshd_config

INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (INCLUDE + "PasswordAuthentication yes\n", True),
        ("# comment\nPort 22\n  include sshd_config.d/*\n", True),
        ("PasswordAuthentication yes\n" + INCLUDE, False),
        ("Match user x\n" + INCLUDE, False),
        ("#" + INCLUDE, False),
        ("", False),
    ],
)
def test_reads_drop_in(text: str, reads: bool) -> None:
    assert sshd_config.reads_drop_in(text) is reads


def test_block_comes_first_and_is_replaced() -> None:
    old = "Port 22\nPasswordAuthentication yes\n"
    off = sshd_config.with_block(old, False)
    assert off.index("PasswordAuthentication no") < off.index("PasswordAuthentication yes")
    on = sshd_config.with_block(off, True)
    assert "PasswordAuthentication no" not in on
    assert sshd_config.without_block(on) == old


def test_settings() -> None:
    assert "PasswordAuthentication no\n" in sshd_config.settings(False)
    assert "PermitRootLogin prohibit-password\n" in sshd_config.settings(False)
    assert sshd_config.settings(True) == "PasswordAuthentication yes\nPermitRootLogin yes\n"
