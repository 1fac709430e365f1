from __future__ import annotations

from pathlib import Path

from vmsim.cli import trust
from vmsim.config import Home


def test_the_bundle_has_what_was_trusted_and_the_authority(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.authority.mkdir()
    trust.certificate(home).write_text("OURS\n")
    (tmp_path / "theirs").write_text("THEIRS\n")
    (tmp_path / "node").write_text("NODE\n")
    outside = {"SSL_CERT_FILE": str(tmp_path / "theirs"), "NODE_EXTRA_CA_CERTS": str(tmp_path / "node")}
    made = trust.bundle(home, outside)
    assert made.read_text().split() == ["THEIRS", "NODE", "OURS"]
    written = made.stat().st_mtime_ns
    assert trust.bundle(home, outside).stat().st_mtime_ns == written
    assert {path.name for path in home.authority.iterdir()} == {"ca.pem", "bundle.pem"}


def test_without_a_choice_the_systems_roots_are_trusted(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.authority.mkdir()
    trust.certificate(home).write_text("OURS\n")
    text = trust.bundle(home, {"SSL_CERT_FILE": "/nowhere"}).read_text()
    assert text.endswith("OURS\n") and ("BEGIN CERTIFICATE" in text) == any(map(Path.is_file, map(Path, trust._ROOTS)))
