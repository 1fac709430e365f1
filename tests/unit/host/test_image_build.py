"""The tiny image's recipe, the formats written by hand, and a build done twice."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from vmsim.host import command, image_build, image_disk, image_packages
from vmsim.host.image_disk import Node
from vmsim.model.errors import HostError, NotFound

LIMIT_BYTES = 25_000_000


def test_every_file_the_recipe_names_is_there() -> None:
    recipe = image_build.recipe("tiny")
    for value in recipe.ini["files"].values():
        source, mode = value.split(",")
        assert recipe.read(source.strip()) is not None
        assert int(mode, 8) & 0o444


def test_an_unknown_image_names_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        image_build.recipe("windows")
    assert "tiny" in caught.value.hint


def test_another_processor_is_refused_clearly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(HostError, match=r"amd64.*aarch64"):
        image_build.build("tiny", tmp_path / "tiny.qcow2", lambda _: None)


def test_folders_above_a_file_come_before_it() -> None:
    paths = [node.path for node in image_disk.with_folders([Node.file("/a/b/c", b""), Node.folder("/a", 0o700)])]
    assert paths == ["/a", "/a/b", "/a/b/c"]


@pytest.mark.tools
def test_cpio_reads_our_initramfs(tmp_path: Path) -> None:
    archive = image_disk.initramfs([Node.file("/bin/one", b"x" * 5, 0o755), Node.link("/bin/two", "one")], 86400)
    command.run(["cpio", "-i", "-d", "--no-absolute-filenames"], stdin=archive, cwd=tmp_path)
    assert (tmp_path / "bin/two").read_bytes() == b"xxxxx"
    assert stat.S_IMODE((tmp_path / "bin/one").stat().st_mode) == 0o755


@pytest.mark.tools
def test_a_package_nobody_has_is_named() -> None:
    with pytest.raises(HostError, match="no-such-package-a or no-such-package-b"):
        image_packages.choose(["no-such-package-a | no-such-package-b"], "linux-image-cloud-amd64", "amd64")


@pytest.mark.tools
def test_the_same_packages_give_the_same_bytes(tmp_path: Path) -> None:
    said: list[str] = []
    first = image_build.build("tiny", tmp_path / "one" / "tiny.qcow2", said.append)
    second = image_build.build("tiny", tmp_path / "a-longer-name" / "tiny.qcow2", said.append)
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.path.stat().st_size <= LIMIT_BYTES
    assert first.inputs["busybox-static"]
    assert "making the disk" in said
    # Nothing but the image is left.
    assert [file.name for file in first.path.parent.iterdir()] == ["tiny.qcow2"]
    assert first.virtual_size_bytes == _virtual_size(first.path)


@pytest.mark.tools
def test_everything_in_the_root_file_system_is_root_s(tmp_path: Path) -> None:
    recipe = image_build.recipe("tiny")
    nodes = [
        Node.folder("/root", 0o700),
        Node.file("/etc/shadow", b"root:*:::\n", 0o640),
        Node.link("/etc/x", "shadow"),
    ]
    image = image_disk.root_partition(nodes, 16, recipe.identity(), tmp_path)
    for path, mode in (("/", "0755"), ("/root", "0700"), ("/etc/shadow", "0640"), ("/etc/x", "0777")):
        said = command.run(["debugfs", "-R", f"stat {path}", image]).stdout
        assert f"Mode:  {mode}" in said
        assert "User:     0   Group:     0" in said


def _virtual_size(image: Path) -> int:
    size = json.loads(command.run(["qemu-img", "info", "--output=json", image]).stdout)["virtual-size"]
    assert isinstance(size, int)
    return size
