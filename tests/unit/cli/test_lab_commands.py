"""The commands about the lab, on a real lab of their own (no guest)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from vmsim import config
from vmsim.lab import images
from vmsim.lab.lab import Lab
from vmsim.model import ids

from .conftest import Vmsim


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "home"
    for name, value in (("HOME", root), ("PORT", "0"), ("ACCEL", "tcg"), ("CACHE", tmp_path / "cache")):
        monkeypatch.setenv(f"VMSIM_{name}", str(value))
    yield root
    Lab(config.home(), config.settings(config.home())).down()


@pytest.mark.tools
def test_a_life_of_a_home(home: Path, vmsim: Vmsim) -> None:
    assert vmsim("status").code == 1

    listed = vmsim("list")
    assert listed.code == 0 and listed.err.startswith("The lab is not running.\nstarting the lab\n")

    status = vmsim("status", "-o", "json").json()
    assert status["lab"]["running"] and status["daemon"]["connected"]
    assert datetime.fromisoformat(status["lab"]["since"]) <= datetime.now(timezone.utc)
    assert status["daemon"]["accelerator"]["accelerator"] == "tcg"
    shown = vmsim("status").out
    assert "running since" in shown and "accelerator  tcg: asked for by the setting accel\n" in shown
    assert "instances    none\n" in shown and "libvirt      connected\n" in shown

    variables = vmsim("env", "-o", "json").json()
    assert variables["VMSIM_URL"] == f"http://127.0.0.1:{status['lab']['port']}"
    assert f"export TENCENTCLOUD_SECRET_ID={variables['TENCENTCLOUD_SECRET_ID']}" in vmsim("env").out
    assert "is up" in vmsim("up").out
    assert "serving" in vmsim("logs", "daemon").out

    assert vmsim("down").out == "The lab is down.\n"
    assert vmsim("down").out == "The lab is not running.\n"
    assert vmsim("reset", "--home").code == 2 and home.exists()
    assert vmsim("reset", "--home", "--yes").code == 0 and not home.exists()


@pytest.mark.tools
def test_a_running_home_goes_down_before_it_is_reset(home: Path, vmsim: Vmsim) -> None:
    vmsim("up")
    assert vmsim("reset", "--home", "--yes").code == 0
    assert not home.exists() and vmsim("status").code == 1


def test_reset_wants_to_be_told_what(home: Path, vmsim: Vmsim) -> None:
    assert vmsim("reset").code == 2
    assert vmsim("reset", "--home", "--yes").out.startswith("There is no home")


def test_a_folder_that_is_no_home_is_left_alone(home: Path, vmsim: Vmsim) -> None:
    home.mkdir()
    (home / "precious").write_text("mine")
    assert vmsim("reset", "--home", "--yes").code == 2
    assert (home / "precious").exists()


def test_a_built_image_is_found_without_a_lab_and_without_its_note(home: Path, tmp_path: Path) -> None:
    built = tmp_path / "cache" / "images" / "tiny.qcow2"
    built.parent.mkdir(parents=True)
    built.write_bytes(b"12345")
    found = images.ensure("tiny", lambda text: pytest.fail(f"it was built again: {text}"))
    assert found.path == str(built) and found.file_bytes == 5 and found.built
    assert not home.exists()


def test_images_have_their_ids_without_a_lab(home: Path, vmsim: Vmsim) -> None:
    """What RunInstances asks for; made of the name, so it is the one the API shows."""
    (tiny,) = [image for image in vmsim("image", "list", "-o", "json").json()["images"] if image["name"] == "tiny"]
    assert tiny["id"] == ids.derived("img", "tiny") and not home.exists()
    assert vmsim("image", "list").out.splitlines()[1].split()[:2] == [tiny["id"], "tiny"]


def test_doctor_reports(home: Path, vmsim: Vmsim) -> None:
    found = vmsim("doctor", "-o", "json")
    assert {check["name"] for check in found.json()["checks"]} >= {"Python", "libvirtd", "accelerator"}
    assert "checks" in vmsim("doctor", "--report").json()
    assert vmsim("doctor").code == found.code
