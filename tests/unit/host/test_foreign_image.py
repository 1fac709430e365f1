"""Images from elsewhere, made by qemu-img, and those that would read other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.host import command, foreign_image, qcow2
from vmsim.model.errors import UsageError

pytestmark = pytest.mark.tools

MIB = 2**20


@pytest.mark.parametrize("form", ["raw", "qcow2", "vpc", "vmdk"])
def test_what_an_image_is(tmp_path: Path, form: str) -> None:
    image = tmp_path / "with, comma"
    command.run(["qemu-img", "create", "-q", "-f", form, image, "64M"])
    found = foreign_image.probe(image)
    assert (found.form, found.gib, found.iso) == (form, 1, False)
    assert found.virtual_size >= 64 * MIB


def test_a_fixed_vhd_is_told_by_its_end(tmp_path: Path) -> None:
    image = tmp_path / "fixed.vhd"
    command.run(["qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed", image, "16M"])
    assert foreign_image.probe(image).form == "vpc"


def test_an_iso_is_told(tmp_path: Path) -> None:
    image = tmp_path / "cd.iso"
    image.write_bytes(bytes(32769) + b"CD001" + bytes(4096))
    assert foreign_image.probe(image).iso


def secret(folder: Path) -> Path:
    """What must not be read by way of an image."""
    path = folder / "secret"
    path.write_bytes(b"s" * MIB)
    return path


def backed(folder: Path) -> Path:
    made = folder / "backed"
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", secret(folder), "-F", "raw", made])
    return made


def with_data_file(folder: Path) -> Path:
    made = folder / "split"
    options = f"data_file={folder / 'data'},data_file_raw=on"
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, made, "1M"])
    return made


def flat_vmdk(folder: Path) -> Path:
    made = folder / "flat.vmdk"
    command.run(["qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", made, "1M"])
    return made


def backed_vmdk(folder: Path) -> Path:
    base, made = folder / "base.vmdk", folder / "backed.vmdk"
    command.run(["qemu-img", "create", "-q", "-f", "vmdk", base, "1M"])
    command.run(["qemu-img", "create", "-q", "-f", "vmdk", "-b", base, "-F", "vmdk", made])
    return made


def empty_vmdk(folder: Path) -> Path:
    """Capacity 0: QEMU reads the descriptor, which may name any file as its extent."""
    made = folder / "empty.vmdk"
    command.run(["qemu-img", "create", "-q", "-f", "vmdk", made, "1M"])
    with made.open("r+b") as file:
        file.seek(12)
        file.write(bytes(8))
    return made


def vhdx(folder: Path) -> Path:
    made = folder / "disk.vhdx"
    command.run(["qemu-img", "create", "-q", "-f", "vhdx", made, "1M"])
    return made


def broken(folder: Path) -> Path:
    made = folder / "broken"
    made.write_bytes(b"QFI\xfb" + (3).to_bytes(4, "big") + bytes(4096))
    return made


def nothing(folder: Path) -> Path:
    return folder / "nothing"


def folder_itself(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize(
    "make",
    [backed, with_data_file, flat_vmdk, backed_vmdk, empty_vmdk, vhdx, broken, nothing, folder_itself],
)
def test_what_depends_on_others_or_is_no_image_is_refused(tmp_path: Path, make: object) -> None:
    with pytest.raises(UsageError) as refused:
        foreign_image.probe(make(tmp_path))  # type: ignore[operator]
    assert refused.value.code == "InvalidParameter.InvalidParameterUrlError"


def test_one_that_is_too_big_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "big"
    qcow2.create_empty(image, (foreign_image.MOST_GIB + 1) * 2**30)
    with pytest.raises(UsageError) as refused:
        foreign_image.probe(image)
    assert refused.value.code == "InvalidParameterValue.TooLarge"
