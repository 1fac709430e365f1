"""A logged-in SSH session with a guest, by paramiko over a socket handed out of the lab.

The host key is the one the cloud gave the guest: only its kind is offered to the server, and another key is an error.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import paramiko

from vmsim import client
from vmsim.cli import access, names
from vmsim.cli.session import Session, interactive
from vmsim.client import Reached
from vmsim.model.errors import HostError, Refused

_LIMIT = 30.0
_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")


@contextlib.contextmanager
def logged_in(session: Session, name: str, user: str, identity: Path | None) -> Iterator[paramiko.Transport]:
    """A transport into the guest. Raises Refused where no key and no password is accepted."""
    instance = access.ready(session, name)
    reached = client.connect(session.home, instance["id"], 22)
    with reached.socket:
        transport = paramiko.Transport(reached.socket)
        try:
            _agree(transport, reached)
            _authenticate(session, transport, instance, user or reached.user, identity)
            yield transport
        except (paramiko.SSHException, EOFError) as error:
            raise HostError(f"The SSH session with {names.label(instance)} failed: {error}.") from error
        finally:
            transport.close()


def _agree(transport: paramiko.Transport, reached: Reached) -> None:
    kind, _, key = reached.host_key.partition(" ")
    if not key:
        raise Refused(f"The host key of {reached.instance_id} is not known, so nobody can tell whether it is the one.")
    transport.get_security_options().key_types = _RSA if kind == "ssh-rsa" else (kind,)
    transport.start_client(timeout=_LIMIT)
    if transport.get_remote_server_key().asbytes() != base64.b64decode(key.split()[0]):
        raise Refused(
            f"The host key of {reached.instance_id} is not the one it was made with.",
            hint="Somebody changed it inside, or this is another machine.",
        )


def _authenticate(
    session: Session, transport: paramiko.Transport, instance: dict[str, Any], user: str, identity: Path | None
) -> None:
    for key in _keys(session, instance, identity):
        if _tried(transport.auth_publickey, user, key) and transport.is_authenticated():
            return
    for password in _passwords(session, instance):
        if _tried(transport.auth_password, user, password) and transport.is_authenticated():
            return
    raise Refused(
        f"{names.label(instance)} lets {user} in by none of the keys and passwords at hand.",
        hint="Name a key with --identity, or bind one with `vmsim bind-key`.",
    )


def _tried(method: Any, user: str, proof: object) -> bool:
    try:
        method(user, proof)
    except paramiko.AuthenticationException:
        return False
    return True


def _keys(session: Session, instance: dict[str, Any], identity: Path | None) -> Iterator[paramiko.PKey]:
    if identity is not None:
        yield _key(identity)
    elif access.own_key_bound(session, instance):
        yield _key(access.private_key(session.home))
    elif instance["key_ids"]:
        yield from paramiko.Agent().get_keys()
        for file in sorted(Path("~/.ssh").expanduser().glob("id_*")):
            if file.suffix != ".pub":
                with contextlib.suppress(HostError):
                    yield _key(file)


def _key(file: Path) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey):
        try:
            return kind.from_private_key_file(str(file))
        except (paramiko.SSHException, ValueError):
            continue
        except OSError as error:
            raise HostError(f"{file} cannot be read: {error.strerror}.") from error
    raise HostError(f"{file} is no private key that can be read here (a passphrase is not asked for).")


def _passwords(session: Session, instance: dict[str, Any]) -> Iterator[str]:
    """While a key is bound, SSH takes no password. Else the random one, then what a person says."""
    if instance["key_ids"]:
        return
    shown = names.detailed(session.client, instance["id"], password=1)["instance"]["password"]
    if shown:
        yield shown
    if interactive():
        yield click.prompt(f"Password of {names.label(instance)}", hide_input=True, err=True)
