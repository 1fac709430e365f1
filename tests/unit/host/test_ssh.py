"""The gate to SSH against a real SSH server, paramiko's own, at the other end of a socket pair."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from vmsim.host import ssh
from vmsim.model.errors import HostError, Refused, TimedOut, UsageError

HOST = ssh.generate_key()
USER = ssh.generate_key("someone@somewhere")
PASSWORD = "correct horse 9"


class Server(paramiko.ServerInterface):
    """Lets root in with USER's key or PASSWORD; runs what `commands` knows."""

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = key.get_base64() == USER.public.split()[1] and username == "root"
        return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        good = password == PASSWORD and username == "root"
        return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=COMMANDS[command.decode()], args=(channel,), daemon=True).start()
        return True


def wait_for_the_end_of_input(channel: paramiko.Channel) -> bytes:
    """The client ends its input after our answer to its request; before that, our end would overtake the answer."""
    return bytes(channel.makefile("rb").read())


def hello(channel: paramiko.Channel) -> None:
    wait_for_the_end_of_input(channel)
    channel.sendall(b"out\n")
    channel.sendall_stderr(b"err\n")
    finish(channel, 3)


def much(channel: paramiko.Channel) -> None:
    """More than a window on one stream, then on the other: whoever reads one after the other never gets there."""
    wait_for_the_end_of_input(channel)
    channel.sendall_stderr(b"e" * 3_000_000)
    channel.sendall(b"o" * 3_000_000)
    finish(channel, 0)


def echo(channel: paramiko.Channel) -> None:
    channel.sendall(wait_for_the_end_of_input(channel).upper())
    finish(channel, 0)


def never(channel: paramiko.Channel) -> None:
    channel.sendall(b"still here\n")


def hang_up(channel: paramiko.Channel) -> None:
    channel.get_transport().close()


def finish(channel: paramiko.Channel, status: int) -> None:
    channel.shutdown_write()
    channel.send_exit_status(status)
    channel.close()


COMMANDS: dict[str, Callable[[paramiko.Channel], None]] = {
    "hello": hello,
    "much": much,
    "echo": echo,
    "never": never,
    "hang-up": hang_up,
}


@pytest.fixture
def guest() -> Iterator[socket.socket]:
    """A socket that is connected to a server whose host key is HOST."""
    ours, theirs = socket.socketpair()
    transport = paramiko.Transport(theirs)
    transport.add_server_key(paramiko.Ed25519Key.from_private_key(io.StringIO(HOST.private)))
    transport.start_server(event=threading.Event(), server=Server())
    yield ours
    transport.close()
    transport.join(5)
    ours.close()
    theirs.close()


def test_a_command_by_key(guest: socket.socket) -> None:
    with ssh.Session(guest, host_key=HOST.public, private_key=USER.private) as session:
        assert session.run("hello") == ssh.Result(3, "out\n", "err\n")


def test_a_command_by_password_with_input(guest: socket.socket) -> None:
    with ssh.Session(guest, host_key=HOST.public, password=PASSWORD) as session:
        assert session.run("echo", stdin=b"words").stdout == "WORDS"


def test_much_output_on_both_streams(guest: socket.socket) -> None:
    with ssh.Session(guest, host_key=HOST.public, password=PASSWORD) as session:
        result = session.run("much", timeout=30)

    assert (len(result.stdout), len(result.stderr)) == (3_000_000, 3_000_000)


def test_a_command_that_never_ends(guest: socket.socket) -> None:
    with ssh.Session(guest, host_key=HOST.public, password=PASSWORD) as session:
        with pytest.raises(TimedOut, match="`never` did not end in the guest within"):
            session.run("never", timeout=0.2)
        assert session.run("hello").exit == 3


def test_a_guest_that_hangs_up(guest: socket.socket) -> None:
    with (
        ssh.Session(guest, host_key=HOST.public, password=PASSWORD) as session,
        pytest.raises(HostError, match="ended during `hang-up`"),
    ):
        session.run("hang-up")


@pytest.mark.parametrize(
    "login",
    [{"password": "wrong"}, {"private_key": ssh.generate_key().private}, {"user": "nobody", "password": PASSWORD}],
    ids=["password", "key", "user"],
)
def test_a_login_the_guest_refuses(guest: socket.socket, login: dict[str, str]) -> None:
    with pytest.raises(Refused, match="the guest refuses the login"):
        ssh.Session(guest, host_key=HOST.public, **login)  # type: ignore[arg-type]


def test_another_host_key_is_never_trusted(guest: socket.socket) -> None:
    with pytest.raises(HostError, match="another host key"):
        ssh.Session(guest, host_key=ssh.generate_key().public, password=PASSWORD)


def test_a_host_key_of_another_kind_is_never_trusted(guest: socket.socket) -> None:
    with pytest.raises(HostError):
        ssh.Session(guest, host_key=ssh.generate_rsa_key(2048).public, password=PASSWORD)


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "nonsense AAAA"])
def test_what_is_no_host_key(guest: socket.socket, line: str) -> None:
    with pytest.raises(UsageError, match="not a public host key"):
        ssh.Session(guest, host_key=line, password=PASSWORD)


def test_what_is_no_private_key(guest: socket.socket) -> None:
    with pytest.raises(UsageError, match="not a private key"):
        ssh.Session(guest, host_key=HOST.public, private_key="nonsense")


def test_keys_have_the_form_each_program_reads() -> None:
    ed25519, rsa = ssh.generate_key("a@b"), ssh.generate_rsa_key(2048)

    assert ed25519.private.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert ed25519.public.startswith("ssh-ed25519 AAAA")
    assert ed25519.public.endswith(" a@b")
    assert rsa.private.startswith("-----BEGIN RSA PRIVATE KEY-----")
    key = paramiko.RSAKey.from_private_key(io.StringIO(rsa.private))
    assert rsa.public == f"ssh-rsa {key.get_base64()}"
    assert key.get_bits() == 2048


@pytest.fixture
def says() -> Iterator[Callable[[bytes], int]]:
    """A server that says what it is told and hangs up; returns its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(words: bytes) -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(words)

        def start(words: bytes) -> int:
            thread = threading.Thread(target=serve, args=(words,), daemon=True)
            thread.start()
            return int(listener.getsockname()[1])

        yield start


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (b"SSH-2.0-dropbear_2022.83\r\n", "SSH-2.0-dropbear_2022.83"),
        (b"welcome\r\nSSH-2.0-x\r\n", "SSH-2.0-x"),
        (b"", None),
        (b"SSH-2.0-cut", None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
    ],
)
def test_the_banner(says: Callable[[bytes], int], words: bytes, expected: str | None) -> None:
    assert ssh.banner("127.0.0.1", says(words)) == expected


def test_no_server_no_banner() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert ssh.banner("127.0.0.1", bound.getsockname()[1], timeout=1) is None


def test_a_server_that_says_nothing_is_waited_for_a_moment_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert ssh.banner("127.0.0.1", listener.getsockname()[1], timeout=0.1) is None


def test_a_guest_that_cannot_be_reached(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(HostError, match="cannot be reached by SSH"):
            ssh.Session(bound.getsockname(), host_key=HOST.public, password="x", timeout=1)
