"""The home's own certificate authority, by which programs believe that they talk to the cloud.

Made when the home's lab first comes up, in `ca/`: `ca.key` (0600) never leaves it, `ca.pem` is what programs trust. Its
name constraints let it vouch for Tencent's domains and this machine alone: who gets the key can impersonate nothing
else. The certificate that the proxy shows is made anew at each start, so it never has to be renewed.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vmsim.model.errors import HostError
from vmsim.proxy import hosts

CERTIFICATE, KEY = "ca.pem", "ca.key"
_YEARS = timedelta(days=3650)
_DAYS = timedelta(days=825)  # some systems believe in no longer ones
_AGO = timedelta(days=1)  # clocks of guests and containers may be behind
_DIGEST = hashes.SHA256()


def ensure(folder: Path) -> Path:
    """The authority's certificate, made with its key where there is none yet. The certificate is written last."""
    certificate = folder / CERTIFICATE
    if not certificate.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / KEY, _private(key), 0o600)
        _write(certificate, _pem(_authority(key)), 0o644)
    return certificate


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS as the cloud's hosts, with a fresh certificate of the home's authority."""
    authority, authority_key = _load(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    chain = _private(key) + _pem(_leaf(key, authority, authority_key)) + _pem(authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.NamedTemporaryFile(dir=folder, prefix="leaf-") as file:  # ssl reads keys from files only
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _load(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(ensure(folder).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise _unusable(folder, str(error)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise _unusable(folder, "key and certificate do not belong together")
    return certificate, key


def _unusable(folder: Path, why: str) -> HostError:
    return HostError(
        f"The certificate authority in {folder} cannot be used: {why}.",
        hint="Remove that folder: another is made when the lab comes up.",
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _named("vmsim, this machine's own cloud")
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in (*hosts.DOMAINS, hosts.LOOPBACK[0])]
    permitted.append(x509.IPAddress(IPv4Network(f"{hosts.LOOPBACK[1]}/32")))
    built = _builder(name, name, key, _YEARS)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(usage, critical=True)
    built = built.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return built.sign(key, _DIGEST)


def _leaf(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in hosts.certificate_names()]
    names.append(x509.IPAddress(IPv4Address(hosts.LOOPBACK[1])))
    issuer = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    built = _builder(_named("vmsim"), authority.subject, key, _DAYS)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    built = built.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
    return built.sign(authority_key, _DIGEST)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now - _AGO).not_valid_after(now + lasts)
    return built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form, cipher = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, cipher)


def _write(path: Path, content: bytes, mode: int) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    new.replace(path)
