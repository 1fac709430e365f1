"""Edits survive their way through JSON, and tell size from contents."""

from __future__ import annotations

import pytest

from vmsim.host.guest_disk.edits import Edits, HostKey, from_json, to_json

EVERYTHING = Edits(
    host_name="n",
    machine_id="",
    host_key=HostKey("private", "public"),
    password=("root", "$6$x$y"),
    lock_password="a",
    unlock_password="b",
    authorized_keys=("root", ("one", "two")),
    password_login=False,
    user_data=b"\x00\xff binary",
    meta_data=b"{}",
    fill_disk=True,
)


@pytest.mark.parametrize("edits", [Edits(), EVERYTHING, Edits(password_login=True, authorized_keys=("u", ()))])
def test_json_round_trip(edits: Edits) -> None:
    assert from_json(to_json(edits)) == edits


def test_size_alone_changes_no_files() -> None:
    assert not Edits(fill_disk=True).changes_files
    assert not Edits().changes_files
    assert Edits(machine_id="").changes_files
    assert EVERYTHING.changes_files


def test_secrets_stay_out_of_logs() -> None:
    shown = repr(EVERYTHING)
    assert "$6$x$y" not in shown
    assert "private" not in shown
    assert "binary" not in shown
