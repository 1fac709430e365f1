from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from vmsim.host import command
from vmsim.model.errors import HostError
from vmsim.proxy import authority, hosts


def test_it_is_made_once_and_its_key_is_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    made = authority.ensure(folder).read_bytes()
    assert authority.ensure(folder).read_bytes() == made
    assert stat.S_IMODE((folder / authority.KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {authority.CERTIFICATE, authority.KEY}


def test_it_may_vouch_for_the_cloud_alone(tmp_path: Path) -> None:
    made = x509.load_pem_x509_certificate(authority.ensure(tmp_path / "ca").read_bytes())
    constraints = made.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = constraints.value.permitted_subtrees or []
    assert {str(each.value) for each in permitted} == {*hosts.DOMAINS, "localhost", "127.0.0.1/32"}


def test_what_it_signs_beyond_is_not_believed(tmp_path: Path) -> None:
    """By OpenSSL's own word: a certificate for another host, signed with the very key, is none."""
    folder = tmp_path / "ca"
    ca, key = authority.ensure(folder), folder / authority.KEY
    command.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "key"])
    for host, believed in (("cvm.tencentcloudapi.com", True), ("example.com", False)):
        (tmp_path / "names").write_text(f"subjectAltName=DNS:{host}\n")
        request = command.run(["openssl", "req", "-new", "-key", tmp_path / "key", "-subj", "/O=x"]).stdout
        signing = f"openssl x509 -req -CA {ca} -CAkey {key} -set_serial 1 -days 1 -extfile {tmp_path / 'names'}"
        signed = command.run(signing.split(), stdin=request).stdout
        (tmp_path / "leaf").write_text(signed)
        verified = command.run(["openssl", "verify", "-CAfile", ca, tmp_path / "leaf"], check=False)
        assert (verified.returncode == 0) is believed, verified.stdout + verified.stderr


def test_no_key_of_a_certificate_stays(tmp_path: Path) -> None:
    authority.server_context(tmp_path / "ca")
    assert {path.name for path in (tmp_path / "ca").iterdir()} == {authority.CERTIFICATE, authority.KEY}


@pytest.mark.parametrize("name", [authority.CERTIFICATE, authority.KEY])
def test_a_damaged_one_is_named(tmp_path: Path, name: str) -> None:
    authority.ensure(tmp_path / "ca")
    (tmp_path / "ca" / name).write_text("x")
    with pytest.raises(HostError, match="cannot be used"):
        authority.server_context(tmp_path / "ca")


def test_a_key_of_another_one_is_named(tmp_path: Path) -> None:
    authority.ensure(tmp_path / "ca")
    authority.ensure(tmp_path / "other")
    (tmp_path / "other" / authority.KEY).replace(tmp_path / "ca" / authority.KEY)
    with pytest.raises(HostError, match="do not belong together"):
        authority.server_context(tmp_path / "ca")
