"""The one place where an exception becomes a sentence, a hint and an exit code.

0 done · 1 refused or failed · 2 wrong use · 3 partly done · 70 a bug (see the log file) · 130 interrupted
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import click

from vmsim import __version__, client
from vmsim.cli.session import Session, say
from vmsim.model.errors import UsageError, VmsimError

DONE, FAILED, USAGE, PARTLY, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


@dataclass
class Outcome:
    code: int = DONE


@contextlib.contextmanager
def translated(session: Session, arguments: Sequence[str]) -> Iterator[Outcome]:
    """Whatever is raised inside is said on standard error and becomes `code`."""
    outcome = Outcome()
    try:
        yield outcome
    except click.exceptions.Exit as error:
        outcome.code = error.exit_code
    except click.ClickException as error:
        error.show()
        outcome.code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.")
        outcome.code = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`vmsim list | head`); Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome.code = FAILED
    except VmsimError as error:
        say(f"Error: {sentence(error)}")
        outcome.code = code(error)
    except OSError as error:
        # What this machine has against a file that was named, or a full disk, is no bug of ours.
        if not error.filename and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            say(_bug(session, arguments))
            outcome.code = BUG
            return
        say(
            f"Error: {os.fsdecode(error.filename)}: {error.strerror}."
            if error.filename
            else f"Error: {error.strerror}."
        )
        outcome.code = FAILED
    except Exception:  # noqa: BLE001 - what nobody expected is a bug: it goes to a file, with all that is known
        say(_bug(session, arguments))
        outcome.code = BUG


def code(error: VmsimError) -> int:
    if error.code == client.BUG:
        return BUG
    return USAGE if isinstance(error, UsageError) else FAILED


def sentence(error: VmsimError) -> str:
    """The message, and what to do on a line of its own."""
    return f"{error.message}\nHint: {error.hint}" if error.hint else error.message


def one_line(error: VmsimError) -> str:
    """For a line among others: the first line of the message, then the hint in brackets."""
    first = error.message.strip().splitlines()[0] if error.message.strip() else type(error).__name__
    return f"{first} ({error.hint.rstrip('.')})" if error.hint else first


def _bug(session: Session, arguments: Sequence[str]) -> str:
    """Write the traceback to a file; the sentence names it."""
    now = datetime.now(timezone.utc)
    head = f"vmsim {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    text = f"{now.isoformat()}\n{head}vmsim {shlex.join(arguments)}\n\n{traceback.format_exc()}"
    last = traceback.format_exc().strip().splitlines()[-1]
    for folder in (_logs(session), Path(tempfile.gettempdir())):
        file = folder / f"cli-bug-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(text, errors="backslashreplace")
        except OSError:
            continue
        return f"Error: this is a bug of vmsim ({last}).\nDetails: {file}"
    return f"Error: this is a bug of vmsim.\n{text}"


def _logs(session: Session) -> Path:
    try:
        return session.home.logs
    except (VmsimError, OSError):
        return Path(tempfile.gettempdir())
