"""What pip makes of a clean copy of the tree works in an empty folder: command, recipes, schemas."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from vmsim import __version__
from vmsim.host import command

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parents[2]
LIMIT = 300


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows or would take, and no others."""
    copy = tmp_path_factory.mktemp("clean")
    listed = command.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT).stdout.split("\0")
    for file in filter(None, listed):
        if (ROOT / file).is_file():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)
    return copy


@pytest.fixture(scope="module")
def installed(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `vmsim` of a fresh environment; what it needs of others' packages is looked up in this one's."""
    made = tmp_path_factory.mktemp("env")
    command.run([sys.executable, "-m", "venv", made], timeout=LIMIT)
    for wanted in (["setuptools>=66", "wheel"], [clean]):
        command.run([made / "bin" / "pip", "install", "--quiet", "--no-deps", *wanted], timeout=LIMIT)
    here = Path(json.__file__).parents[1]  # the interpreter's own library: site-packages are told from it
    packages = next(path for path in map(Path, sys.path) if path.name == "site-packages" and here not in path.parents)
    own = next(made.glob("lib/python*/site-packages"))
    # Not by a .pth file there: this tree is installed as editable in ours, and would be found instead.
    for package in packages.iterdir():
        if not (own / package.name).exists() and "vmsim" not in package.name and not package.name.endswith(".pth"):
            (own / package.name).symlink_to(package)
    return made / "bin" / "vmsim"


def answer(program: Path, *words: str, folder: Path) -> str:
    """What it says in an empty folder, with a home and a cache of its own; exit code 1 is an answer too (doctor)."""
    alone = {"VMSIM_HOME": str(folder / "home"), "VMSIM_CACHE": str(folder / "cache"), "VMSIM_ACCEL": "tcg"}
    environment = ["env", "-u", "PYTHONPATH", *(f"{name}={value}" for name, value in alone.items())]
    done = command.run([*environment, program, *words], cwd=folder, check=False, timeout=LIMIT)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_the_installed_command_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert answer(installed, "--version", folder=tmp_path) == f"vmsim {__version__}\n"
    images = json.loads(answer(installed, "image", "list", "-o", "json", folder=tmp_path))["images"]
    assert [image["name"] for image in images] == ["tiny"]
    checks = json.loads(answer(installed, "doctor", "-o", "json", folder=tmp_path))["checks"]
    assert {check["name"]: check["ok"] for check in checks}["Python module libvirt"] is True
    assert len(json.loads(answer(installed, "type", "list", "-o", "json", folder=tmp_path))["types"]) > 50


def test_every_module_and_every_file_of_data_is_there(installed: Path, clean: Path, tmp_path: Path) -> None:
    own = next(installed.parents[1].glob("lib/python*/site-packages"))
    expected = {path.relative_to(clean) for path in clean.glob("vmsim/**/*") if path.is_file()}
    assert {str(path) for path in expected if not (own / path).is_file()} == set()
    recipes = {path.relative_to(clean / "images") for path in clean.glob("images/*/**/*") if path.is_file()}
    assert {str(path) for path in recipes if not (own / "vmsim_images" / path).is_file()} == set()
    code = "import vmsim.api.simulated as it, vmsim; print(len(it.ACTIONS), vmsim.__file__)"
    said = answer(installed.with_name("python"), "-c", code, folder=tmp_path).split()
    assert int(said[0]) >= 20 and Path(said[1]).is_relative_to(own)


def test_the_source_distribution_is_whole(installed: Path, clean: Path, tmp_path: Path) -> None:
    """A wheel made of it has the same files as one made of the tree."""
    script = "import setuptools.build_meta as made, sys; print(getattr(made, sys.argv[1])(sys.argv[2]))"

    def build(kind: str, tree: Path) -> Path:
        out = tmp_path / f"{kind}-{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        command.run([installed.with_name("python"), "-W", "ignore", "-c", script, kind, out], cwd=tree, timeout=LIMIT)
        return next(out.iterdir())

    command.run(["tar", "-xf", build("build_sdist", clean), "-C", tmp_path])
    unpacked = next(tmp_path.glob(f"vmsim-{__version__}"))
    assert (unpacked / "setup.py").exists() and (unpacked / "LICENSE").exists()
    wheels = [build("build_wheel", tree) for tree in (clean, unpacked)]
    names = [sorted(zipfile.ZipFile(wheel).namelist()) for wheel in wheels]
    assert names[0] == names[1]
    assert any(name.startswith("vmsim_images/tiny/") for name in names[0])
