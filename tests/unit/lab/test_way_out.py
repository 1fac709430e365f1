from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.lab import way_out
from vmsim.lab.way_out import PROGRAMS, argv
from vmsim.model.network import PUBLIC_RANGES


def test_the_resolver_is_named_only_where_it_can_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "resolv.conf"
    way_out.write_resolver(file, offline=True)
    assert file.read_text() == ""
    (tmp_path / "pasta").write_text("#!/bin/sh\n")
    (tmp_path / "pasta").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    way_out.write_resolver(file, offline=False)
    assert file.read_text() == f"nameserver {way_out.RESOLVER}\n"


def test_the_first_program_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmsim.lab.way_out.command.search_path", lambda: str(tmp_path))
    assert way_out.found() is None
    for name in ("slirp4netns", "pasta"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        program = way_out.found()
        assert program is not None and program.name == name


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_it_lives_and_dies_with_the_lab_and_gives_the_device(program: way_out.Program) -> None:
    words = argv(program, 42, Path("/run"))
    assert words[0] == "nsenter" and "--pid" in words and "--net" not in words
    assert words[words.index("-t") + 1] == "42"
    assert words.index("/proc/42/ns/net") + 1 == words.index("/run/internet") < words.index(f"/run/{program.name}")
    assert way_out.DEVICE in words and program.name not in words


def test_nothing_is_forwarded_and_the_loopback_is_closed() -> None:
    pasta, slirp4netns = (list(program.words("/run/file")) for program in PROGRAMS)
    for option in ("-t", "-u", "-T", "-U"):
        assert pasta[pasta.index(option) + 1] == "none"
    assert "--no-map-gw" in pasta and "--disable-host-loopback" in slirp4netns


def test_its_addresses_are_nobody_elses() -> None:
    assert not [each for each in PUBLIC_RANGES if str(each) == way_out.NETWORK]
    assert {each.rpartition(".")[0] for each in (way_out.ADDRESS, way_out.GATEWAY, way_out.RESOLVER)} == {"192.0.0"}
