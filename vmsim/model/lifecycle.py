"""The life of an instance, as two tables. Nothing else decides.

Three axes stay apart:

* `InstanceState` is what a user sees (`STOPPED` is powered off; `SHUTDOWN` is isolated in the recycle bin).
* `LatestOperation` and `LatestOperationState` say what was asked last and how far it is.
* libvirt's word about the domain is read, never stored as truth.

    (none) ──run──▶ PENDING ──▶ RUNNING ◀──────────── reboot ───────────┐
                       │          │  ▲  └──reboot──▶ REBOOTING ─────────┘
                       ▼       stop  start
                LAUNCH_FAILED     ▼  │
                              STOPPING ──▶ STOPPED ──▶ STARTING ──▶ RUNNING
    RUNNING, STOPPED ──terminate──▶ TERMINATING ──▶ (gone)
    RUNNING, STOPPED ──isolate (prepaid)──▶ TERMINATING ──▶ SHUTDOWN ──terminate──▶ TERMINATING ──▶ (gone)
    RUNNING, STOPPED ──reinstall──▶ REBOOTING ──▶ RUNNING

`OPERATIONS` says for each operation in which states it may be asked, which state shows meanwhile and which follow. An
edit (`meanwhile is None`) leaves the state as it was; with force, a running instance is stopped first and started again
after. `OBSERVATIONS` says what a fact noticed on the machine makes of a state when no operation is under way.
The published code for a pair (operation, state) that is not allowed is `UnsupportedOperation.InstanceState<Name>` when
the action's published list has it; `REFUSED_CODES_BY_STATE` gives the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class InstanceState(str, Enum):
    """What a user sees. Values are Tencent's."""

    PENDING = "PENDING"
    LAUNCH_FAILED = "LAUNCH_FAILED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    STARTING = "STARTING"
    STOPPING = "STOPPING"
    REBOOTING = "REBOOTING"
    SHUTDOWN = "SHUTDOWN"
    TERMINATING = "TERMINATING"

    @property
    def transitional(self) -> bool:
        """An operation is carrying the instance through it; it ends by itself."""
        return self in TRANSITIONAL

    @property
    def words(self) -> str:
        """For a sentence: "being stopped"."""
        return _WORDS[self]


_S = InstanceState
TRANSITIONAL = frozenset({_S.PENDING, _S.STARTING, _S.STOPPING, _S.REBOOTING, _S.TERMINATING})
_WORDS = {
    _S.PENDING: "being created",
    _S.LAUNCH_FAILED: "not there: its launch failed",
    _S.RUNNING: "running",
    _S.STOPPED: "stopped",
    _S.STARTING: "being started",
    _S.STOPPING: "being stopped",
    _S.REBOOTING: "being rebooted",
    _S.SHUTDOWN: "isolated in the recycle bin",
    _S.TERMINATING: "being terminated",
}


class OperationState(str, Enum):
    """LatestOperationState. Values are Tencent's."""

    OPERATING = "OPERATING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class StopType(str, Enum):
    """How hard to stop. SOFT presses the button; SOFT_FIRST pulls the plug after its limit; HARD pulls it at once."""

    SOFT = "SOFT"
    SOFT_FIRST = "SOFT_FIRST"
    HARD = "HARD"


class StoppedMode(str, Enum):
    """What a stop does to the bill; STOP_CHARGING also gives the ordinary public address back."""

    KEEP_CHARGING = "KEEP_CHARGING"
    STOP_CHARGING = "STOP_CHARGING"


class Verb(str, Enum):
    """What can be asked of an instance. The value is the word of the command line; `ACTIONS` has Tencent's."""

    RUN = "run"
    START = "start"
    STOP = "stop"
    REBOOT = "reboot"
    TERMINATE = "terminate"
    RESET_TYPE = "reset-type"
    RESIZE_DISK = "resize-disk"
    RESET_PASSWORD = "reset-password"
    ASSOCIATE_KEYS = "associate-keys"
    DISASSOCIATE_KEYS = "disassociate-keys"
    RESIZE_ONLINE = "resize-online"
    MODIFY = "modify"
    REINSTALL = "reinstall"
    ISOLATE = "isolate"
    CREATE_IMAGE = "create-image"
    APPLY_SNAPSHOT = "apply-snapshot"


ACTIONS = {
    Verb.RUN: "RunInstances",
    Verb.START: "StartInstances",
    Verb.STOP: "StopInstances",
    Verb.REBOOT: "RebootInstances",
    Verb.TERMINATE: "TerminateInstances",
    Verb.RESET_TYPE: "ResetInstancesType",
    Verb.RESIZE_DISK: "ResizeInstanceDisks",
    Verb.RESET_PASSWORD: "ResetInstancesPassword",
    Verb.ASSOCIATE_KEYS: "AssociateInstancesKeyPairs",
    Verb.DISASSOCIATE_KEYS: "DisassociateInstancesKeyPairs",
    Verb.RESIZE_ONLINE: "ResizeInstanceDisks",
    Verb.MODIFY: "ModifyInstancesAttribute",
    Verb.REINSTALL: "ResetInstance",
    Verb.ISOLATE: "TerminateInstances",
    Verb.CREATE_IMAGE: "CreateImage",
    Verb.APPLY_SNAPSHOT: "ApplySnapshot",
}
VARIANTS = {Verb.RESIZE_ONLINE: "ResizeOnline", Verb.ISOLATE: "prepaid, the first time"}
"""What tells two operations apart that are one action of Tencent's."""


class AfterPowerCut(Enum):
    """What becomes of an operation that a power cut of the whole lab interrupted: every guest is off by then."""

    FAIL = "fails, the instance is STOPPED"
    FINISH = "is carried to its end"
    UNDO = "is undone, the instance is LAUNCH_FAILED"


@dataclass(frozen=True)
class Operation:
    """A row of the table. `meanwhile` or `success` None: the state stays, or goes back to, what it was."""

    verb: Verb
    allowed: frozenset[InstanceState]
    allowed_with_force: frozenset[InstanceState]
    meanwhile: InstanceState | None
    success: InstanceState | None
    failure: InstanceState | None
    after_power_cut: AfterPowerCut

    @property
    def edit(self) -> bool:
        """A change of the instance, not of its state: it ends in the one it began in."""
        return self.meanwhile is None


def _edit(verb: Verb) -> Operation:
    return Operation(verb, frozenset({_S.STOPPED}), frozenset({_S.RUNNING}), None, None, None, AfterPowerCut.FINISH)


_ROWS = (
    Operation(Verb.RUN, frozenset(), frozenset(), _S.PENDING, _S.RUNNING, _S.LAUNCH_FAILED, AfterPowerCut.UNDO),
    Operation(
        Verb.START,
        frozenset({_S.STOPPED}),
        frozenset(),
        _S.STARTING,
        _S.RUNNING,
        _S.STOPPED,
        AfterPowerCut.FAIL,
    ),
    Operation(
        Verb.STOP,
        frozenset({_S.RUNNING}),
        frozenset(),
        _S.STOPPING,
        _S.STOPPED,
        _S.RUNNING,
        AfterPowerCut.FINISH,
    ),
    Operation(
        Verb.REBOOT,
        frozenset({_S.RUNNING}),
        frozenset(),
        _S.REBOOTING,
        _S.RUNNING,
        _S.RUNNING,
        AfterPowerCut.FAIL,
    ),
    Operation(
        Verb.TERMINATE,
        frozenset({_S.RUNNING, _S.STOPPED, _S.SHUTDOWN}),
        frozenset({_S.LAUNCH_FAILED}),
        _S.TERMINATING,
        None,
        _S.STOPPED,
        AfterPowerCut.FINISH,
    ),
    _edit(Verb.RESET_TYPE),
    _edit(Verb.RESIZE_DISK),
    _edit(Verb.RESET_PASSWORD),
    _edit(Verb.ASSOCIATE_KEYS),
    _edit(Verb.DISASSOCIATE_KEYS),
    Operation(Verb.RESIZE_ONLINE, frozenset({_S.RUNNING}), frozenset(), None, None, None, AfterPowerCut.FINISH),
    Operation(Verb.MODIFY, frozenset({_S.RUNNING, _S.STOPPED}), frozenset(), None, None, None, AfterPowerCut.FINISH),
    Operation(
        Verb.REINSTALL,
        frozenset({_S.RUNNING, _S.STOPPED}),
        frozenset(),
        _S.REBOOTING,
        _S.RUNNING,
        _S.STOPPED,
        AfterPowerCut.FINISH,
    ),
    Operation(
        Verb.ISOLATE,
        frozenset({_S.RUNNING, _S.STOPPED}),
        frozenset(),
        _S.TERMINATING,
        _S.SHUTDOWN,
        _S.STOPPED,
        AfterPowerCut.FINISH,
    ),
    # A running guest's disks can be copied as they are at one moment; with force it is stopped for it.
    Operation(
        Verb.CREATE_IMAGE,
        frozenset({_S.RUNNING, _S.STOPPED}),
        frozenset(),
        None,
        None,
        None,
        AfterPowerCut.FINISH,
    ),
    _edit(Verb.APPLY_SNAPSHOT),
)
OPERATIONS = {row.verb: row for row in _ROWS}


class Observation(str, Enum):
    """What libvirt says of a domain, as far as a state depends on it."""

    RUNNING = "the domain runs"
    OFF = "the domain is off"
    ABSENT = "there is no such domain"


OBSERVATIONS: dict[tuple[InstanceState, Observation], InstanceState] = {
    (_S.RUNNING, Observation.OFF): _S.STOPPED,
    (_S.RUNNING, Observation.ABSENT): _S.STOPPED,
    (_S.STOPPED, Observation.RUNNING): _S.RUNNING,
}

REFUSED_CODES_BY_STATE = {
    _S.PENDING: "Pending",
    _S.LAUNCH_FAILED: "LaunchFailed",
    _S.RUNNING: "Running",
    _S.STOPPED: "Stopped",
    _S.STARTING: "Starting",
    _S.STOPPING: "Stopping",
    _S.REBOOTING: "Rebooting",
    _S.SHUTDOWN: "Shutdown",
    _S.TERMINATING: "Terminating",
}


def allowed(verb: Verb, state: InstanceState, *, force: bool = False) -> bool:
    """May this be asked of an instance in this state?"""
    row = OPERATIONS[verb]
    return state in row.allowed or (force and state in row.allowed_with_force)


def observed(state: InstanceState, observation: Observation) -> InstanceState:
    """The state that follows from a fact on the machine while no operation is under way."""
    return OBSERVATIONS.get((state, observation), state)
