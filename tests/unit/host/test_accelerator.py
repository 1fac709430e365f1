from __future__ import annotations

from pathlib import Path

import pytest

from vmsim import config
from vmsim.host import accelerator, image_build
from vmsim.host.accelerator import Verdict, boot, kernel_of, probe, why_not
from vmsim.model.errors import HostError


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernel")
    image = config.cache() / "images" / "tiny.qcow2"
    if not image.exists():
        image = image_build.build("tiny", folder / "tiny.qcow2", lambda _: None).path
    return kernel_of(image, folder)


def test_a_cpu_without_virtualisation_is_a_verdict_without_a_boot(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags\t\t: fpu sse2\n")
    assert "neither vmx nor svm" in why_not(cpuinfo, Path("/dev/null"))
    assert "neither vmx nor svm" in why_not(cpuinfo, tmp_path / "none")


@pytest.mark.parametrize(("flags", "there"), [("fpu vmx", True), ("svm fpu", True), ("fpu nosvm", False)])
def test_what_a_cpu_shows(tmp_path: Path, flags: str, there: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"model name : a vmx svm\nflags\t\t: {flags}\n")
    assert accelerator.virtualises(cpuinfo) is there


@pytest.mark.parametrize("flag", ["vmx", "svm"])
def test_nothing_speaks_against_a_device_that_opens(tmp_path: Path, flag: str) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\nflags\t\t: fpu {flag} sse2\n")
    assert why_not(cpuinfo, Path("/dev/null")) == ""
    assert "there is no" in why_not(cpuinfo, tmp_path / "none")
    assert "cannot be opened" in why_not(cpuinfo, tmp_path)


def test_tcg_when_asked_for(tmp_path: Path) -> None:
    verdict = probe(tmp_path / "cache", "tcg")
    assert (verdict.accelerator, verdict.cpu_mode, verdict.proved) == ("tcg", "maximum", True)
    assert not (tmp_path / "cache").exists()


def test_kvm_when_asked_for_but_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "why_not", lambda: "there is no /dev/kvm")
    with pytest.raises(HostError, match="there is no /dev/kvm"):
        probe(tmp_path, "kvm")
    assert probe(tmp_path, "auto").reason == "there is no /dev/kvm"


@pytest.mark.tools
def test_without_an_image_nothing_is_claimed_and_nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "why_not", lambda: "")
    verdict = probe(tmp_path, "auto", image=tmp_path / "none")
    assert (verdict.accelerator, verdict.proved) == ("tcg", False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.tools
def test_a_proof_is_kept_until_the_host_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "why_not", lambda: "")
    image = tmp_path / "image"
    image.touch()
    proofs = [Verdict("kvm", "kvm64", reason, True, 1.0) for reason in ("first", "second", "third")]
    monkeypatch.setattr(accelerator, "_prove", lambda _: proofs.pop(0))
    assert probe(tmp_path, image=image).reason == "first"
    assert probe(tmp_path, image=image).reason == "first"
    assert probe(tmp_path, image=image, again=True).reason == "second"
    assert probe(tmp_path).reason == "second"
    monkeypatch.setattr(accelerator, "_key", lambda: "another boot")
    assert probe(tmp_path, image=image).reason == "third"
    (tmp_path / "accelerator.json").write_text("{torn")
    assert not probe(tmp_path).proved


@pytest.mark.guest
def test_a_kernel_that_reaches_user_space_is_a_proof(kernel: Path) -> None:
    tried = boot(kernel, "tcg", "max", limit=60)
    assert tried.why_not == ""
    assert tried.seconds > 0.1


@pytest.mark.guest
def test_a_kernel_that_hangs_or_dies_is_none(kernel: Path, tmp_path: Path) -> None:
    assert "not off within" in boot(kernel, "tcg", "max", limit=0.3).why_not
    (tmp_path / "nonsense").write_bytes(b"not a kernel" * 1000)
    assert boot(tmp_path / "nonsense", "tcg", "max", limit=2.0).why_not != ""
