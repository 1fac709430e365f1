"""Which action is refused in which condition of an instance, with which code: written from the published error lists by
hand, a second time and on purpose.

A row's words are the suffixes X of the listed `UnsupportedOperation.InstanceStateX`. Some states that the lists name
(isolating, freezing, rescue, live migration) are no value of InstanceState: no instance here comes to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STOP_CHARGING = "UnsupportedOperation.StoppedModeStopCharging"
IN_PROGRESS = "OperationDenied.InstanceOperationInProgress"
TASK_RUNNING = "MutexOperation.TaskRunning"
NO_CODE = "UnsupportedOperation"
"""What a pair is refused with for which nothing is published."""

# The condition's name here, and its suffix in the published codes.
STATES: Mapping[str, str] = {
    "PENDING": "Pending",
    "LAUNCH_FAILED": "LaunchFailed",
    "RUNNING": "Running",
    "STOPPED": "Stopped",
    "STARTING": "Starting",
    "STOPPING": "Stopping",
    "REBOOTING": "Rebooting",
    "SHUTDOWN": "Shutdown",
    "TERMINATING": "Terminating",
}


@dataclass(frozen=True)
class Row:
    """An action: the states it is accepted in, and what its published list holds."""

    accepted: frozenset[str]
    listed: frozenset[str]
    stop_charging: bool
    in_progress: bool
    task_running: bool
    with_stop_charging: bool = False
    """Accepted of an instance that was stopped without charging."""

    def refused_in(self, state: str) -> str:
        """The code in a state with nothing under way; "" where it is accepted."""
        if state in self.accepted:
            return ""
        suffix = STATES[state]
        return f"UnsupportedOperation.InstanceState{suffix}" if suffix in self.listed else NO_CODE

    @property
    def refused_while_operating(self) -> str:
        """The code in a steady state in which something is under way."""
        if self.in_progress:
            return IN_PROGRESS
        return TASK_RUNNING if self.task_running else NO_CODE

    @property
    def refused_without_charging(self) -> str:
        if self.with_stop_charging:
            return ""
        return STOP_CHARGING if self.stop_charging else NO_CODE


def _row(accepted: str, listed: str, flags: str, *, with_stop_charging: bool = False) -> Row:
    """`flags` has `c` for StoppedModeStopCharging, `p` for InstanceOperationInProgress, `t` for TaskRunning."""
    words = frozenset(listed.split())
    return Row(frozenset(accepted.split()), words, "c" in flags, "p" in flags, "t" in flags, with_stop_charging)


MATRIX: Mapping[str, Row] = {
    # Stopped is in its list although it is its only legal state.
    "StartInstances": _row(
        "STOPPED",
        "Pending Starting Running Stopping Stopped Rebooting Shutdown Terminating",
        "pt",
        with_stop_charging=True,
    ),
    "StopInstances": _row("RUNNING", "Pending Starting Stopping Stopped Rebooting Shutdown Terminating", "cpt"),
    "RebootInstances": _row("RUNNING", "Pending Starting Stopping Stopped Rebooting Shutdown Terminating", "cpt"),
    # In SHUTDOWN it is the second of two terminations, which leaves the recycle bin.
    "TerminateInstances": _row(
        "RUNNING STOPPED SHUTDOWN",
        "Pending LaunchFailed Starting Stopping Rebooting Terminating",
        "pt",
        with_stop_charging=True,
    ),
    "ResetInstance": _row("RUNNING STOPPED", "Pending Starting Stopping Rebooting Shutdown Terminating", "cpt"),
    "ResetInstancesType": _row("STOPPED", "Starting Running Stopping Rebooting Shutdown Terminating", "cp"),
    # Stopped is for ResizeOnline, which wants a running instance.
    "ResizeInstanceDisks": _row(
        "STOPPED", "Pending Starting Running Stopping Stopped Rebooting Shutdown Terminating", "cp"
    ),
    "ResetInstancesPassword": _row(
        "STOPPED", "Pending Starting Running Stopping Rebooting Shutdown Terminating", "cpt"
    ),
    "AssociateInstancesKeyPairs": _row(
        "STOPPED", "Pending Starting Running Stopping Rebooting Shutdown Terminating", "cpt"
    ),
    "DisassociateInstancesKeyPairs": _row(
        "STOPPED", "Pending Starting Running Stopping Rebooting Shutdown Terminating", "cpt"
    ),
    "ModifyInstancesAttribute": _row(
        "RUNNING STOPPED", "Pending Starting Stopping Rebooting Shutdown Terminating", "cpt"
    ),
    "CreateImage": _row("RUNNING STOPPED", "Starting Stopping Rebooting Terminating", "cpt"),
    "DescribeInstanceVncUrl": _row("RUNNING", "Pending Starting Stopping Stopped Rebooting Shutdown Terminating", "cp"),
}
