"""What a client that speaks nothing but HTTPS believes to be the cloud: a proxy for CONNECT, TLS with a certificate of
its own, and behind it the lab's plain port. On loopback, for one host name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class TlsFront:
    """`certificate` is what a client must trust."""

    url: str
    certificate: Path


@contextmanager
def tls_front(folder: Path, host: str, port: int) -> Iterator[TlsFront]:
    certificate, key = _certificate(folder, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_accept, args=[listening, context, port], daemon=True)
        thread.start()
        yield TlsFront(f"http://127.0.0.1:{listening.getsockname()[1]}", certificate)
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)
        assert not thread.is_alive()


def _accept(listening: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return  # shut down
        threading.Thread(target=_serve, args=[client, context, port], daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"CONNECT "), head
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with (
        suppress(OSError),
        context.wrap_socket(client, server_side=True) as outer,
        socket.create_connection(("127.0.0.1", port)) as inner,
    ):
        asking = threading.Thread(target=_pipe, args=[outer, inner], daemon=True)
        asking.start()
        _pipe(inner, outer)
        asking.join(timeout=10)


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _certificate(folder: Path, host: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "front.pem", folder / "front.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
