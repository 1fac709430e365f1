"""Password hashes as a guest's crypt(3) understands them.

SHA-512 crypt: every Linux guest of the last fifteen years reads it. Python's crypt module is gone in 3.13, so openssl
makes it; the password goes in by standard input, never by the command line, which every process of the host can read.
"""

from __future__ import annotations

from vmsim.host import command
from vmsim.model.errors import UsageError


def sha512_crypt(password: str) -> str:
    """`$6$salt$hash` with a random salt."""
    if "\n" in password or not password:
        raise UsageError("A password must not be empty nor contain a line break.")
    return command.run(["openssl", "passwd", "-6", "-stdin"], stdin=password + "\n", timeout=10).stdout.strip()
