from __future__ import annotations

from pathlib import Path

from vmsim.lab.accounts import complete


def test_missing_accounts_are_added_to_a_copy(tmp_path: Path) -> None:
    etc, own = tmp_path / "etc", tmp_path / "own"
    etc.mkdir()
    own.mkdir()
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:7:7::/:/bin/false")
    (etc / "group").write_text("root:x:0:\nkvm:x:108:\n")
    covers = complete(own, etc)
    assert covers == {str(etc / name): str(own / name) for name in ("passwd", "group")}
    lines = (own / "passwd").read_text().splitlines()
    assert lines[:2] == (etc / "passwd").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["root", "libvirt-qemu", "libvirt-dnsmasq"]
    assert [line.split(":")[0] for line in (own / "group").read_text().splitlines()] == [
        "root",
        "kvm",
        "libvirt-qemu",
        "libvirt-dnsmasq",
    ]
    assert complete(own, own) == {}
