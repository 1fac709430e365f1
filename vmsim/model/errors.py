"""What can go wrong, in the words of the domain.

    VmsimError                  everything below; its text is one sentence for a person, `hint` says what to do
    ├── UsageError              the request itself is wrong: a bad value, a bad combination
    │   ├── Missing             something required is absent
    │   └── Malformed           an id or a name that cannot be one
    ├── NotFound                no such thing (kind, id)
    ├── Refused                 the thing exists, but may not be so treated now
    │   ├── WrongState          the state table says no (operation, instance, state)
    │   ├── Busy                another operation is under way on it
    │   ├── InUse               something else still needs it
    │   └── NotSimulated        valid in the cloud, not simulated here; says what by name
    ├── OutOfResources          this host has not enough memory, disk, addresses or quota
    ├── OperationFailed         the work was begun and could not be finished
    │   └── TimedOut            … within its limit
    └── HostError               this machine did not do what was asked of it
        ├── CommandFailed       a process: command, exit code, stderr
        ├── LibvirtError        libvirt: its code and message
        └── LabNotRunning       the lab or its daemon is not there

Raised where the fact is known, translated once: `api/error_codes.py` makes Tencent's codes of them, `cli/errors.py`
exit codes and sentences. `code` carries a published code where only the raiser can know which one is meant.
"""

from __future__ import annotations


class VmsimError(Exception):
    """The root: `message` is one sentence, `hint` one thing to do, `code` a published error code where known."""

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class UsageError(VmsimError):
    """The request itself is wrong."""


class Missing(UsageError):
    """Something required is absent."""


class Malformed(UsageError):
    """An id or a name that cannot be one."""


class NotFound(VmsimError):
    """No such thing."""

    def __init__(self, kind: str, ident: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(f"There is no {kind} {ident}.", hint=hint, code=code)
        self.kind = kind
        self.ident = ident


class Refused(VmsimError):
    """The thing exists, but may not be so treated now."""


class WrongState(Refused):
    """The state table says no."""

    def __init__(self, operation: str, instance: str, state: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(f"{operation} is not possible: instance {instance} is {state}.", hint=hint, code=code)
        self.operation = operation
        self.instance = instance
        self.state = state


class Busy(Refused):
    """Another operation is under way on it."""


class InUse(Refused):
    """Something else still needs it."""


class NotSimulated(Refused):
    """Valid in the cloud, not simulated here."""


class OutOfResources(VmsimError):
    """This host has not enough of something, or a quota is reached."""


class OperationFailed(VmsimError):
    """The work was begun and could not be finished."""


class TimedOut(OperationFailed):
    """The work did not end within its limit."""


class HostError(VmsimError):
    """This machine did not do what was asked of it."""


class CommandFailed(HostError):
    """A process failed; the message holds the command, how it ended and what it said."""

    def __init__(self, argv: list[str], returncode: int | None, stderr: str, *, hint: str = "") -> None:
        super().__init__(_how_it_ended(argv, returncode, stderr), hint=hint)
        self.argv = argv
        self.returncode = returncode
        self.stderr = stderr


class LibvirtError(HostError):
    """libvirt refused or failed; `number` is its error code (VIR_ERR_…)."""

    def __init__(self, message: str, *, number: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.number = number


class LabNotRunning(HostError):
    """The lab or its daemon is not there."""


def _how_it_ended(argv: list[str], returncode: int | None, stderr: str) -> str:
    if returncode is None:
        how = "did not end in time"
    elif returncode < 0:
        how = f"was ended by signal {-returncode}"
    else:
        how = f"failed with exit code {returncode}"
    said = stderr.strip()[-2000:]
    return f"{argv[0]} {how}" + (f": {said}" if said else "") + f" (command: {' '.join(argv)})"
