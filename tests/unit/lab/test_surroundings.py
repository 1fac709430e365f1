from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.lab import surroundings


@pytest.mark.parametrize(
    ("file", "text", "kind"),
    [
        ("etc/hostname", "plain", "machine"),
        (".dockerenv", "", "docker"),
        ("run/.containerenv", "", "podman"),
        ("run/systemd/container", "systemd-nspawn\n", "systemd-nspawn"),
        ("run/systemd/container", "lxc-libvirt\n", "lxc"),
        ("run/systemd/container", "something-new\n", "container"),
        ("proc/1/environ", "PATH=/bin\0container=lxc\0", "lxc"),
        ("proc/sys/kernel/osrelease", "5.15.146.1-microsoft-standard-WSL2\n", "wsl2"),
        ("proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n", "wsl1"),
        ("proc/sys/kernel/osrelease", "6.1.0-13-amd64\n", "machine"),
    ],
)
def test_each_kind_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, kind: str
) -> None:
    monkeypatch.delenv("container", raising=False)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    here = surroundings.look(tmp_path)
    assert here.kind == kind
    assert bool(here.needs) == (kind != "machine")


def test_os_release_is_unquoted(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('ID=debian\nPRETTY_NAME="Debian 12"\n')
    assert surroundings.read_release(tmp_path) == {"ID": "debian", "PRETTY_NAME": "Debian 12"}
