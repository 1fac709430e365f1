"""The gate to SSH: the banner of a guest's server, a session with it, and keys.

A session wants the guest's host key beforehand and trusts nothing on first use: only the known kind of key is offered
to the server, and another key of that kind is an error. It runs over any connected socket, so that one handed out of
the lab does as well as an address. A login the guest refuses is Refused; a guest that does not answer, HostError;
a command over its time, TimedOut.
"""

from __future__ import annotations

import base64
import io
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from paramiko.pkey import UnknownKeyType

from vmsim.model.errors import HostError, Refused, TimedOut, UsageError

_CHUNK = 64 * 1024
_BANNER_BYTES = 4096


@dataclass(frozen=True)
class KeyText:
    """A key pair as text: the private half in PEM, the public half as one line of authorized_keys."""

    private: str
    public: str


@dataclass(frozen=True)
class Result:
    """How a command in a guest ended."""

    exit: int
    stdout: str
    stderr: str


def generate_key(comment: str = "") -> KeyText:
    """An ed25519 key, private half in OpenSSH's format."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return KeyText(private.decode(), _public_line(key.public_key(), comment))


def generate_rsa_key(bits: int = 3072, comment: str = "") -> KeyText:
    """An RSA key, private half in the PEM that the cloud hands out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return KeyText(private.decode(), _public_line(key.public_key(), comment))


def _public_line(key: ed25519.Ed25519PublicKey | rsa.RSAPublicKey, comment: str) -> str:
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return f"{line} {comment}".rstrip()


def is_public_key(line: str) -> bool:
    """Can this line of authorized_keys be read as a key?"""
    try:
        serialization.load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def banner(address: str, port: int = 22, timeout: float = 3.0) -> str | None:
    """The first line of the server there; None when there is no SSH server. That a port accepts proves nothing."""
    deadline = time.monotonic() + timeout
    try:
        with socket.create_connection((address, port), timeout=timeout) as connection:
            return _banner_on(connection, deadline)
    except OSError:
        return None


def _banner_on(connection: socket.socket, deadline: float) -> str | None:
    said = b""
    while len(said) < _BANNER_BYTES:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        chunk = connection.recv(256)
        said += chunk
        # A server may say other lines first (RFC 4253, 4.2).
        for line in said.split(b"\n")[:-1]:
            if line.startswith(b"SSH-2.0"):
                return line.strip().decode(errors="replace")
        if not chunk:
            return None
    return None


class Session:
    """A logged-in session; use it with `with`."""

    def __init__(
        self,
        where: socket.socket | tuple[str, int],
        *,
        host_key: str,
        user: str = "root",
        private_key: str = "",
        password: str = "",
        timeout: float = 15.0,
    ) -> None:
        """Connect and log in, with the key if there is one, else with the password. `host_key` is the server's public
        line (`ssh-ed25519 AAAA…`). A socket given is ours from now on."""
        known = _known(host_key)
        deadline = time.monotonic() + timeout
        try:
            connection = where if isinstance(where, socket.socket) else socket.create_connection(where, timeout)
        except OSError as error:
            raise HostError(f"the guest cannot be reached by SSH: {error}") from error
        self._transport = paramiko.Transport(connection)
        try:
            self._begin(known, deadline)
            self._log_in(user, private_key, password, deadline)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def run(self, command: str, timeout: float = 60.0, stdin: bytes = b"") -> Result:
        """Run a command to its end."""
        deadline = time.monotonic() + timeout
        try:
            channel = self._transport.open_session(timeout=timeout)
        except paramiko.SSHException as error:
            raise HostError(f"the guest's SSH server opens no channel: {error}") from error
        with channel:
            channel.settimeout(timeout)
            try:
                channel.exec_command(command)
                _send(channel, stdin)
                return _collected(channel, command, deadline)
            except TimeoutError as error:
                raise _too_slow(command, timeout) from error
            except (paramiko.SSHException, OSError, EOFError) as error:
                raise HostError(f"the SSH connection ended during `{command}`: {error}") from error

    def put(self, local: Path, remote: str) -> None:
        """Copy a file into the guest (its server must offer SFTP)."""
        with self._files() as files:
            files.put(str(local), remote)

    def get(self, remote: str, local: Path) -> None:
        """Copy a file out of the guest."""
        with self._files() as files:
            files.get(remote, str(local))

    def _files(self) -> paramiko.SFTPClient:
        try:
            files = paramiko.SFTPClient.from_transport(self._transport)
        except (paramiko.SSHException, EOFError) as error:
            raise HostError(f"the guest's SSH server offers no SFTP: {error}") from error
        if files is None:
            raise HostError("the guest's SSH server offers no SFTP.")
        return files

    def _begin(self, known: paramiko.PKey, deadline: float) -> None:
        self._transport.get_security_options().key_types = _kinds(known)
        try:
            self._transport.start_client(timeout=_left(deadline))
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise HostError(f"the guest's SSH server does not answer properly: {error or 'it hung up'}") from error
        if self._transport.get_remote_server_key() != known:
            raise HostError(
                "the guest shows another host key than it was given.",
                hint="Something else answers at its address, or its keys were made anew inside.",
            )

    def _log_in(self, user: str, private_key: str, password: str, deadline: float) -> None:
        self._transport.auth_timeout = _left(deadline)
        try:
            if private_key:
                self._transport.auth_publickey(user, _private(private_key))
            else:
                self._transport.auth_password(user, password, fallback=False)
        except paramiko.BadAuthenticationType as error:
            raise Refused(
                f"the guest refuses this kind of login for {user}; it takes {', '.join(error.allowed_types)}."
            ) from error
        except paramiko.AuthenticationException as error:
            raise Refused(f"the guest refuses the login of {user}.") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise HostError(f"the SSH connection ended during the login: {error}") from error


def _send(channel: paramiko.Channel, stdin: bytes) -> None:
    try:
        channel.sendall(stdin)
        channel.shutdown_write()
    except TimeoutError:
        raise
    except OSError:
        return  # the command ended without reading all of it, which is its right


def _collected(channel: paramiko.Channel, command: str, deadline: float) -> Result:
    """Both streams are read as they come: a command that fills one while we wait for the other would never end."""
    out, err = bytearray(), bytearray()
    while True:
        ended = channel.eof_received or channel.closed  # before looking for data: what comes after is looked for again
        if channel.recv_ready():
            out += channel.recv(_CHUNK)
        elif channel.recv_stderr_ready():
            err += channel.recv_stderr(_CHUNK)
        elif ended and channel.exit_status_ready():
            break
        elif time.monotonic() >= deadline:
            raise TimeoutError
        elif ended:
            channel.status_event.wait(_left(deadline))
        else:
            select.select([channel], [], [], min(1.0, _left(deadline)))
    if not channel.get_transport().is_active():
        raise HostError(f"the SSH connection ended during `{command}`.")
    return Result(channel.recv_exit_status(), out.decode(errors="replace"), err.decode(errors="replace"))


def _too_slow(command: str, timeout: float) -> TimedOut:
    return TimedOut(f"`{command}` did not end in the guest within {timeout:g} s.")


def _left(deadline: float) -> float:
    return max(0.01, deadline - time.monotonic())


def _known(line: str) -> paramiko.PKey:
    words = line.split()
    try:
        return paramiko.PKey.from_type_string(words[0], base64.b64decode(words[1]))
    except (IndexError, ValueError, paramiko.SSHException, UnknownKeyType) as error:
        raise UsageError(f"not a public host key: {line[:60]!r}.") from error


def _kinds(known: paramiko.PKey) -> tuple[str, ...]:
    if known.get_name() == "ssh-rsa":  # one key, several signatures
        return ("rsa-sha2-512", "rsa-sha2-256")
    return (known.get_name(),)


def _private(text: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise UsageError("not a private key that can be used: ed25519, RSA or ECDSA without a passphrase.")
