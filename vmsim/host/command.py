"""The one place that starts a process.

A fixed environment (Debian puts half of what we need into sbin, which an ordinary user's PATH lacks; messages are
read by us, so they are English), a line in the log that can be pasted into a shell, a timeout, and one sentence when
it fails.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vmsim.model.errors import CommandFailed, HostError

log = logging.getLogger(__name__)

_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """PATH with the sbin folders behind it."""
    present = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
    return ":".join([*present, *(folder for folder in _SBIN if folder not in present)])


def find(program: str) -> str | None:
    """Where a program is, or None; looks where `run` looks."""
    return shutil.which(program, path=search_path())


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every process we start."""
    return {**os.environ, "PATH": search_path(), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(extra or {})}


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    stdin: str | bytes = b"",
    timeout: float = 60.0,
    check: bool = True,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run to the end and return what it said. Raises CommandFailed (code, signal or timeout) unless check=False."""
    words = [os.fspath(word) for word in argv]
    log.debug("run: %s", shlex.join(words))
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(
            words, input=data, capture_output=True, timeout=timeout, cwd=cwd, env=environment(env), check=False
        )
    except FileNotFoundError as error:
        raise HostError(f"{words[0]} is not installed.", hint="Run scripts/setup, or `vmsim doctor`.") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(words, None, (error.stderr or b"").decode(errors="replace")) from error
    result = subprocess.CompletedProcess(
        words,
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )
    if check and result.returncode != 0:
        raise CommandFailed(words, result.returncode, result.stderr or result.stdout)
    return result


def run_watched(
    argv: Sequence[str | os.PathLike[str]], look: Callable[[], int], *, standstill: float, interval: float = 0.2
) -> None:
    """Run to the end, however long that is, as long as what `look` tells goes on changing. Raises CommandFailed."""
    words = [os.fspath(word) for word in argv]
    process = start(words, stderr=subprocess.PIPE, new_session=False)
    seen, since = -1, time.monotonic()
    try:
        while True:
            try:
                _, said = process.communicate(timeout=interval)
                break
            except subprocess.TimeoutExpired:
                now = look()
                if now != seen:
                    seen, since = now, time.monotonic()
                elif time.monotonic() - since > standstill:
                    raise CommandFailed(words, None, "") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise CommandFailed(words, process.returncode, said.decode(errors="replace"))


def start(
    argv: Sequence[str | os.PathLike[str]],
    *,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = subprocess.DEVNULL,
    stderr: int | None = None,
    pass_fds: Sequence[int] = (),
    env: Mapping[str, str] | None = None,
    new_session: bool = True,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start and return at once; the caller owns the process and ends it."""
    words = [os.fspath(word) for word in argv]
    log.debug("start: %s", shlex.join(words))
    try:
        return subprocess.Popen(
            words,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            env=environment(env),
            start_new_session=new_session,
            cwd=cwd,
        )
    except FileNotFoundError as error:
        raise HostError(f"{words[0]} is not installed.", hint="Run scripts/setup, or `vmsim doctor`.") from error


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask it to end; after `grace` seconds it is killed. Returns when it is gone."""
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        log.warning("%s (pid %d) did not end in %g s: killed", process.args, process.pid, grace)
        process.kill()
        process.wait()
