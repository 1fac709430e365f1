"""The root of the command line: the table of commands, and what all of them share."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from vmsim import __version__
from vmsim.cli import environment, errors
from vmsim.cli.lazy import LazyGroup, Row
from vmsim.cli.session import Session

_INSTANCES, _EDITS, _INSIDE, _SEEING, _THINGS, _LAB = (
    "Instances",
    "Edits of a stopped instance",
    "Getting in",
    "What happened",
    "What instances are made of",
    "The lab",
)


def _row(section: str, name: str, summary: str, module: str = "", attribute: str = "command") -> Row:
    return Row(name, section, summary, f"vmsim.cli.{module or name.replace('-', '_')}", attribute)


ROWS = (
    _row(_INSTANCES, "launch", "Make an instance and wait until one can log in."),
    _row(_INSTANCES, "list", "List instances."),
    _row(_INSTANCES, "show", "Show everything about an instance."),
    _row(_INSTANCES, "start", "Start stopped instances."),
    _row(_INSTANCES, "stop", "Stop instances: ask the guest, or pull the plug."),
    _row(_INSTANCES, "reboot", "Reboot instances."),
    _row(_INSTANCES, "terminate", "Terminate instances: they and their disks are gone."),
    _row(_INSTANCES, "rename", "Rename an instance."),
    _row(_INSTANCES, "reinstall", "Put a fresh system on an instance's system disk."),
    _row(_INSTANCES, "protect", "Protect instances against termination."),
    _row(_INSTANCES, "unprotect", "Let instances be terminated again.", "protect", "unprotect"),
    _row(_EDITS, "set-type", "Change CPU and memory."),
    _row(_EDITS, "resize-disk", "Grow a disk."),
    _row(_EDITS, "set-password", "Set the login password."),
    _row(_EDITS, "set-host-name", "Set the host name; a running guest is rebooted for it."),
    _row(_EDITS, "bind-key", "Let SSH keys in.", "keys_of_instances", "bind"),
    _row(_EDITS, "unbind-key", "Keep SSH keys out again.", "keys_of_instances", "unbind"),
    _row(_INSIDE, "ssh", "Log in, or run a command, with OpenSSH."),
    _row(_INSIDE, "ssh-config", "Print the stanzas for ~/.ssh/config.", "ssh", "config"),
    _row(_INSIDE, "exec", "Run a command inside and pass its exit code on."),
    _row(_INSIDE, "cp", "Copy files and folders in or out."),
    _row(_INSIDE, "serial", "Use the serial console, or print its log."),
    _row(_INSIDE, "publish", "Let programs of this workstation reach a port of an instance."),
    _row(_INSIDE, "unpublish", "End what `vmsim publish` began.", "publish", "unpublish"),
    _row(_INSIDE, "enter", "Run a shell or a command in the lab's network."),
    _row(_SEEING, "stats", "Show what instances use."),
    _row(_SEEING, "events", "Show what happened, from request to libvirt event."),
    _row(_SEEING, "logs", "Show the logs of the lab or of an instance."),
    _row(_THINGS, "disk", "List, make, attach, detach, grow and delete disks."),
    _row(_THINGS, "image", "List, build, make, import and delete images."),
    _row(_THINGS, "snapshot", "List, make, put back and delete snapshots of disks."),
    _row(_THINGS, "network", "List subnets, security groups and EIPs."),
    _row(_THINGS, "key", "List, make, import and delete SSH keys."),
    _row(_THINGS, "key-id", "List, make, disable and delete keys of the API."),
    _row(_THINGS, "type", "List instance types."),
    _row(_THINGS, "actions", "Show which actions and parameters of the cloud's API are simulated."),
    _row(_LAB, "up", "Start the lab."),
    _row(_LAB, "down", "Shut every guest down and end the lab."),
    _row(_LAB, "status", "Show how the lab is."),
    _row(_LAB, "serve", "Run the lab in the foreground."),
    _row(_LAB, "run", "Run a program that takes this home for the cloud."),
    _row(_LAB, "env", "Print the variables that cloud clients need."),
    _row(_LAB, "doctor", "Check what vmsim needs of this machine."),
    _row(_LAB, "verify", "Prove every promise on real guests."),
    _row(_LAB, "reset", "Remove everything of this home."),
    _row(_LAB, "completion", "Print the completion script of a shell."),
    Row("connect-fd", "", "Hand a connection to OpenSSH.", "vmsim.cli.connect_fd", hidden=True),
)


@click.group(cls=LazyGroup, rows=ROWS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="vmsim %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A cloud's VM service on this machine, made of real guests.

    \b
    Examples:
      vmsim launch web-1            make an instance and wait for its login
      vmsim ssh web-1               log in
      vmsim stop web-1              ask the guest to shut down
      vmsim terminate web-1         remove it

    \b
    Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 partly done,
    70 a bug (the name of a log file is printed), 130 interrupted.
    """
    if ctx.obj is None:
        ctx.obj = Session()


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    environment.leave(os.environ)
    session = Session()
    with errors.translated(session, arguments) as outcome:
        outcome.code = cli.main(list(arguments), "vmsim", standalone_mode=False, obj=session) or 0
    return outcome.code
