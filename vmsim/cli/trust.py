"""The bundle of certificates that programs trust: what they trusted before, and the home's authority."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from vmsim.config import Home

_BUNDLE = "bundle.pem"
# Debian; Fedora; Alpine and BSD.
_ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def certificate(home: Home) -> Path:
    return home.authority / "ca.pem"


def bundle(home: Home, outside: Mapping[str, str]) -> Path:
    """Its file, written when something in it has changed."""
    sources = [_roots(outside), outside.get("NODE_EXTRA_CA_CERTS", ""), str(certificate(home))]
    content = b"\n".join(_read(source) for source in sources if source)
    path = home.authority / _BUNDLE
    if _read(str(path)) != content:
        new = path.with_suffix(f".{os.getpid()}")
        new.write_bytes(content)
        new.replace(path)
    return path


def _roots(outside: Mapping[str, str]) -> str:
    """Those of the user's choice, else the system's."""
    default = ssl.get_default_verify_paths().openssl_cafile
    candidates = (outside.get("SSL_CERT_FILE", ""), *_ROOTS, default)
    return next((path for path in candidates if path and Path(path).is_file()), "")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
