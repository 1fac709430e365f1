"""`vmsim ssh` and `vmsim ssh-config`: OpenSSH over a connection that the daemon hands out of the lab."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import click

from vmsim.cli import access, names
from vmsim.cli.session import Session, pass_session, say
from vmsim.model.errors import HostError

_PLAIN = re.compile(r"\w[\w.-]*")
_IDENTITY = click.option(
    "-i", "--identity", type=click.Path(exists=True, path_type=Path), help="Private key; the home's own by default."
)


@click.command("ssh", context_settings={"ignore_unknown_options": False})
@names.name_argument
@_IDENTITY
@click.option("-l", "--user", metavar="USER", default="", help="The image's login user by default.")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@pass_session
def command(session: Session, name: str, identity: Path | None, user: str, words: tuple[str, ...]) -> None:
    """Log in, or run a command, with OpenSSH.

    Waits for a boot that is under way. The host key is known beforehand. The exit code is OpenSSH's.

    \b
    Examples:
      vmsim ssh web-1
      vmsim ssh web-1 -- uptime
    """
    program = shutil.which("ssh")
    if program is None:
        raise HostError("There is no ssh on this machine.", hint="sudo apt-get install openssh-client")
    instance = access.ready(session, name)
    access.remember_host_keys(session.home, [instance])
    options = access.ssh_options(session, instance, identity)
    if "IdentityFile" not in options and instance["key_ids"]:
        say(f"The home's own key does not open {names.label(instance)}: OpenSSH tries yours. --identity names one.")
    if user:
        options["User"] = user
    given = [word for item in options.items() for word in ("-o", "=".join(item))]
    # -F none: what ~/.ssh/config says of other hosts must not change how this one is reached.
    os.execv(program, [program, "-F", "none", *given, "--", instance["id"], *words])


@click.command("ssh-config")
@names.optional_names_argument
@_IDENTITY
@pass_session
def config(session: Session, given: tuple[str, ...], identity: Path | None) -> None:
    """Print the stanzas for ~/.ssh/config.

    For every instance, or for those named. After it, ssh, scp, rsync and editors reach them by id, and by name where
    that is one instance's alone.

    \b
    Example:
      vmsim ssh-config > ~/.ssh/vmsim.conf     (and `Include vmsim.conf` in ~/.ssh/config)
    """
    client = session.client
    every = client.get("/v1/instances")["instances"]
    instances = [names.one(client, name) for name in given] or every
    taken = Counter(item["name"] for item in every)
    access.remember_host_keys(session.home, instances)
    for instance in instances:
        # OpenSSH takes the first stanza that fits, and reads spaces, * and ! as its own.
        alone = taken[instance["name"]] == 1 and _PLAIN.fullmatch(instance["name"])
        click.echo(f"Host {instance['name']} {instance['id']}" if alone else f"Host {instance['id']}")
        for name, value in access.ssh_options(session, instance, identity).items():
            click.echo(f"    {name} {value}")
