from __future__ import annotations

from pathlib import Path

from vmsim.lab import private_libvirt


def test_the_folders_are_made_and_configured(tmp_path: Path) -> None:
    private_libvirt.write(tmp_path)
    for target, own in private_libvirt.folders(tmp_path).items():
        assert target.endswith("/libvirt")
        assert Path(own).is_dir()
    assert 'stdio_handler = "file"' in (tmp_path / "etc" / "qemu.conf").read_text()


def test_a_home_keeps_its_host_uuid_and_shares_it_with_none(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "one", "two"):
        private_libvirt.write(tmp_path / name)
        texts.append((tmp_path / name / "etc" / "libvirtd.conf").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_an_older_configuration_is_replaced(tmp_path: Path) -> None:
    private_libvirt.write(tmp_path)
    (tmp_path / "etc" / "qemu.conf").write_text("old")
    private_libvirt.write(tmp_path)
    assert (tmp_path / "etc" / "qemu.conf").read_text() != "old"
