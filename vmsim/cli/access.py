"""What a login needs: the host key known beforehand, the key to get in with, and that the guest is there to answer."""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from vmsim.cli import follow, names
from vmsim.cli.session import Session
from vmsim.config import Home
from vmsim.model.errors import WrongState

_REACHABLE = ("RUNNING", "STOPPING", "REBOOTING", "STARTING", "PENDING")
_SSH_RUNGS = ("SSH", "LOGIN")


def ready(session: Session, name: str) -> dict[str, Any]:
    """The instance, after its SSH server answers; a boot that is under way is waited for."""
    found = names.one(session.client, name)
    if found["state"] not in _REACHABLE:
        hint = f"`vmsim start {names.word(session.client, found)}` starts it."
        raise WrongState("Logging in", names.label(found), found["state"], hint=hint)
    if found["rung"] not in _SSH_RUNGS:
        client, limit = session.client, session.settings.boot_limit
        job = follow.Job(names.label(found), lambda show: follow.login(client, found["id"], limit, show))
        (ended,) = follow.side_by_side([job])
        if ended.error is not None:
            raise ended.error
    return found


def private_key(home: Home) -> Path:
    """The home's own key."""
    return home.keys / "id_ed25519"


def own_key_bound(session: Session, instance: dict[str, Any]) -> bool:
    """Does the home's own key open this instance?"""
    known = session.client.get("/v1/keys", region=instance["region"])["keys"]
    return any(key["default"] and key["id"] in instance["key_ids"] for key in known)


def known_hosts(home: Home) -> Path:
    return home.keys / "known_hosts"


def remember_host_keys(home: Home, instances: list[dict[str, Any]]) -> Path:
    """Write them into the home's known hosts, under the instances' ids (`HostKeyAlias`)."""
    path = known_hosts(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Locked: of two logins at once neither may lose the other's line just before OpenSSH reads the file.
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = path.read_text().splitlines() if path.exists() else []
        kept = {line.partition(" ")[0]: line for line in lines if line}
        kept |= {item["id"]: f"{item['id']} {item['host_key']}" for item in instances if item["host_key"]}
        temporary = path.with_suffix(".new")
        temporary.write_text("".join(f"{line}\n" for line in kept.values()))
        temporary.replace(path)
    return path


def this_program(home: Home) -> str:
    """The shell words that run this vmsim on this home, from anywhere."""
    variables = [f"VMSIM_HOME={home.root}"]
    started_as = Path(sys.argv[0]).absolute()
    if started_as.name == "vmsim" and os.access(started_as, os.X_OK):
        return shlex.join(["env", *variables, str(started_as)])
    tree = Path(__file__).resolve().parents[2]
    return shlex.join(["env", *variables, f"PYTHONPATH={tree}", sys.executable, "-m", "vmsim"])


def ssh_options(session: Session, instance: dict[str, Any], identity: Path | None) -> dict[str, str]:
    """OpenSSH's options, without its names for the same thing twice. The order is the one they are printed in."""
    home = session.home
    # OpenSSH expands % in these: a path that has one must not be read as a token.
    proxy = f"{this_program(home)} connect-fd {instance['id']} 22".replace("%", "%%")
    options = {
        "User": instance["login_user"],
        "HostKeyAlias": instance["id"],
        "ProxyCommand": proxy,
        "ProxyUseFdpass": "yes",
        "UserKnownHostsFile": _quoted(known_hosts(home)),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "CheckHostIP": "no",
    }
    if identity is None and own_key_bound(session, instance):
        identity = private_key(home)
    if identity is not None:
        options |= {"IdentityFile": _quoted(identity), "IdentitiesOnly": "yes"}
    return options


def _quoted(path: Path) -> str:
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text
