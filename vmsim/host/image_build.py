"""Builds an image from its recipe (package `vmsim_images`) and Debian packages, without root.

    recipe.ini ─▶ packages (cache) ─▶ unpacked ─▶ kernel, modules, programs, libraries ─▶ disk ─▶ compressed qcow2

The image appears under its final name whole or not at all. Equal packages give equal bytes. Fails with NotFound for an
unknown image, HostError where this machine lacks something, CommandFailed where a tool failed.
"""

from __future__ import annotations

import configparser
import hashlib
import importlib.resources
import lzma
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vmsim import config
from vmsim.host import command, image_disk, image_packages
from vmsim.host.image_disk import MIB, Identity, Node
from vmsim.model.errors import HostError, NotFound

if TYPE_CHECKING:
    from importlib.abc import Traversable  # moved in Python 3.11, gone from here in 3.14

# Program → the Debian and Ubuntu package that brings it.
TOOLS = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "syslinux": "syslinux",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "qemu-img": "qemu-utils",
    "qemu-io": "qemu-utils",
}
_LOADER = "lib64/ld-linux-x86-64.so.2"
_LIBRARY = re.compile(r"=> (\S+) \(0x")
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


@dataclass(frozen=True)
class BuiltImage:
    """An image on disk and what it was made of (package name → version)."""

    path: Path
    sha256: str
    virtual_size_bytes: int
    seconds: float
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """A recipe.ini and the files beside it."""

    folder: Traversable
    ini: configparser.ConfigParser

    def identity(self) -> Identity:
        image = self.ini["image"]
        return Identity(
            epoch=int(image["epoch"]),
            disk_signature=int(image["disk_signature"], 0),
            boot_serial=image["boot_serial"],
            root_uuid=image["root_uuid"],
            hash_seed=image["hash_seed"],
        )

    def packages(self) -> list[str]:
        return [line for line in self.ini["packages"]["list"].splitlines() if line]

    def modules(self, where: str) -> list[str]:
        return self.ini["modules"][where].split()

    def read(self, name: str) -> bytes:
        file = self.folder
        for part in name.split("/"):
            file = file / part
        return file.read_bytes()


def recipes() -> list[str]:
    """The images that can be built here."""
    folders = importlib.resources.files("vmsim_images").iterdir()
    return sorted(folder.name for folder in folders if folder.joinpath("recipe.ini").is_file())


def recipe(name: str) -> Recipe:
    """Read a recipe; NotFound names those there are."""
    if name not in recipes():
        raise NotFound("image recipe", name, hint=f"There is {', '.join(recipes())}.")
    folder = importlib.resources.files("vmsim_images") / name
    ini = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    ini.optionxform = str  # type: ignore[assignment,method-assign]  # paths keep their case
    ini.read_string((folder / "recipe.ini").read_text(encoding="utf-8"))
    return Recipe(folder, ini)


def build(name: str, destination: Path, progress: Callable[[str], None]) -> BuiltImage:
    """Make image `name` at `destination`, saying by `progress` what is being done."""
    begun = time.monotonic()
    plan = recipe(name)
    architecture = plan.ini["image"]["architecture"]
    _check_machine(name, architecture)
    progress("asking apt for the packages")
    names = image_packages.choose(plan.packages(), plan.ini["kernel"]["package"], architecture)
    cache = config.cache() / "packages"
    packages = image_packages.fetch(names, architecture, cache, progress)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}-") as folder:
        work = Path(folder)
        progress("unpacking")
        image_packages.unpack(packages, cache, work / "packages")
        progress("making the disk")
        raw, boot_bytes = _disk(plan, work)
        size = raw.stat().st_size
        progress("compressing")
        finished = work / "finished.qcow2"
        image_disk.publish(raw, boot_bytes, finished, work)
        digest = hashlib.sha256(finished.read_bytes()).hexdigest()
        finished.replace(destination)
    inputs = {package.name: package.version for package in packages}
    return BuiltImage(destination, digest, size, time.monotonic() - begun, inputs)


def _check_machine(name: str, architecture: str) -> None:
    if (platform.machine(), architecture) != ("x86_64", "amd64"):
        raise HostError(f"Image {name} is for {architecture}; this machine is {platform.machine()}.")
    missing = sorted({package for tool, package in TOOLS.items() if command.find(tool) is None})
    if missing:
        raise HostError(
            f"Building an image needs {', '.join(missing)}.", hint=f"sudo apt-get install {' '.join(missing)}"
        )


def _disk(plan: Recipe, work: Path) -> tuple[Path, int]:
    """The raw disk, and how much of its boot partition is in use."""
    tree = work / "packages"
    image = plan.ini["image"]
    identity = plan.identity()
    boot_files = {
        "vmlinuz": next((tree / "boot").glob("vmlinuz-*")).read_bytes(),
        "initrd": image_disk.initramfs(_initramfs_nodes(plan, tree), identity.epoch),
        "syslinux.cfg": _boot_menu(" ".join(plan.ini["kernel"]["command_line"].split())),
    }
    boot = image_disk.boot_partition(boot_files, int(image["boot_mib"]), identity, work)
    root_mib = int(image["disk_mib"]) - int(image["boot_mib"]) - 1
    root = image_disk.root_partition(_root_nodes(plan, tree), root_mib, identity, work)
    used = sum(len(data) for data in boot_files.values()) + 2 * MIB
    return image_disk.disk(boot, root, identity, work), used


def _boot_menu(command_line: str) -> bytes:
    return (
        "DEFAULT tiny\nPROMPT 0\nTIMEOUT 0\nNOESCAPE 1\n"
        f"LABEL tiny\n KERNEL vmlinuz\n INITRD initrd\n APPEND {command_line}\n"
    ).encode()


def _initramfs_nodes(plan: Recipe, tree: Path) -> list[Node]:
    return [
        Node.file("/init", plan.read("initramfs/init"), 0o755),
        Node.file("/etc/fstab", plan.read("initramfs/fstab")),
        Node.file("/bin/busybox", _found(tree, "bin/busybox").read_bytes(), 0o755),
        *(Node.folder(path) for path in ("/dev", "/proc", "/sys", "/root")),
        # The shell finds its applets without links once /proc is there.
        *(Node.link(f"/bin/{applet}", "busybox") for applet in ("sh", "mount")),
        *_module_nodes(_modules_folder(tree), plan),
    ]


def _root_nodes(plan: Recipe, tree: Path) -> list[Node]:
    ini = plan.ini
    nodes = [Node.folder(path, int(mode, 8)) for path, mode in ini["folders"].items()]
    nodes += [Node.link(path, target) for path, target in ini["links"].items()]
    for path, value in ini["files"].items():
        source, mode = value.split(",")
        nodes.append(Node.file(path, plan.read(source.strip()), int(mode, 8)))
    programs = {path: _found(tree, source) for path, source in ini["programs"].items()}
    nodes += [Node.file(path, source.read_bytes(), 0o755) for path, source in programs.items()]
    nodes += [Node.file(path, source.read_bytes(), 0o755) for path, source in _libraries(tree, programs).items()]
    taken = {node.path for node in nodes}
    busybox = command.run([programs["/bin/busybox"], "--list"]).stdout.split()
    return [*nodes, *(Node.link(f"/bin/{a}", "busybox") for a in busybox if f"/bin/{a}" not in taken)]


def _found(tree: Path, path: str) -> Path:
    """A packaged file, on either side of Debian's /usr merge."""
    for candidate in (tree / path, tree / "usr" / path):
        if candidate.is_file():
            return candidate
    raise HostError(f"The packages hold no {path}.", hint="This release differs; the recipe must be told.")


def _libraries(tree: Path, programs: Mapping[str, Path]) -> dict[str, Path]:
    """What the programs are linked with, as the image's own loader finds it."""
    loader = _loader(tree)
    folders = [tree / "lib/x86_64-linux-gnu", tree / "usr/lib/x86_64-linux-gnu"]
    search = ":".join(str(folder) for folder in folders)
    result = {f"/{_LOADER}": loader}
    for program in programs.values():
        words: list[str | Path] = [loader, "--inhibit-cache", "--library-path", search, "--list", program]
        listed = command.run(words, check=False)
        if "not found" in listed.stdout + listed.stderr:
            raise HostError(f"{program.name} needs more libraries: {listed.stdout.strip()}")
        for library in _LIBRARY.findall(listed.stdout):
            if Path(library).name != loader.name and Path(library).is_relative_to(tree):
                result[f"/lib/x86_64-linux-gnu/{Path(library).name}"] = Path(library)
    return result


def _loader(tree: Path) -> Path:
    name = Path(_LOADER).name
    for folder in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"):
        if (tree / folder / name).is_file():
            return (tree / folder / name).resolve()
    raise HostError(f"The packages hold no {name}.")


def _modules_folder(tree: Path) -> Path:
    for folder in (tree / "lib/modules", tree / "usr/lib/modules"):
        if folder.is_dir():
            return next(folder.iterdir())
    raise HostError("The kernel's package holds no modules.")


def _module_nodes(modules: Path, plan: Recipe) -> list[Node]:
    """The modules with what they depend on, as modprobe wants them; what is built in is left out."""
    files = {_module_name(path.name): path for path in sorted(modules.rglob("*.ko*"))}
    builtin = {_module_name(line) for line in (modules / "modules.builtin").read_text().split()}
    found: dict[str, bytes] = {}
    needs: dict[str, list[str]] = {}

    def add(name: str) -> None:
        if name in found or name in builtin:
            return
        if name not in files:
            raise HostError(f"The kernel's packages hold no module {name}.")
        found[name] = _unsigned(_module(files[name]))
        needs[name] = [n for n in _depends(found[name]) if n not in builtin]
        for needed in needs[name]:
            add(needed)

    first = [_module_name(word.rstrip("?")) for word in plan.modules("first") if _is_there(word, files)]
    for name in [*first, *map(_module_name, plan.modules("later"))]:
        add(name)
    folder = f"/lib/modules/{modules.name}"
    # A line names all that must go before, the nearest first.
    lines = [f"{name}.ko: {' '.join(f'{n}.ko' for n in _all_needs(name, needs))}\n" for name in sorted(found)]
    return [
        Node.file("/modules", (" ".join(name for name in first if name in found) + "\n").encode()),
        Node.file(f"{folder}/modules.dep", "".join(lines).encode()),
        *(Node.file(f"{folder}/{name}.ko", data) for name, data in found.items()),
    ]


def _is_there(word: str, files: Mapping[str, Path]) -> bool:
    return not word.endswith("?") or _module_name(word.rstrip("?")) in files


def _depends(module: bytes) -> list[str]:
    """The module's own word; Debian's packages hold no modules.dep, and depmod need not be installed here."""
    found = _DEPENDS.search(module)
    return [_module_name(name) for name in found[1].decode().split(",")] if found and found[1] else []


def _all_needs(name: str, needs: Mapping[str, list[str]]) -> list[str]:
    order: list[str] = []
    for needed in needs[name]:
        order = [needed, *_all_needs(needed, needs), *order]
    return list(dict.fromkeys(reversed(order)))[::-1]


def _unsigned(module: bytes) -> bytes:
    """Without its signature, which takes a slow guest longer to check than to load the module."""
    mark = b"~Module signature appended~\n"
    if not module.endswith(mark):
        return module
    length = int.from_bytes(module[-len(mark) - 4 : -len(mark)], "big")
    return module[: -len(mark) - 12 - length]


def _module_name(path: str) -> str:
    """`kernel/drivers/block/virtio-blk.ko.xz` → `virtio_blk`."""
    return Path(path).name.split(".")[0].replace("-", "_")


def _module(file: Path) -> bytes:
    """A module's bytes, unpacked: the guest loads it faster so."""
    if file.suffix == ".xz":
        return lzma.decompress(file.read_bytes())
    if file.suffix == ".zst":
        if shutil.which("zstd", path=command.search_path()) is None:
            raise HostError("This kernel's modules need zstd.", hint="sudo apt-get install zstd")
        unpacked = file.with_suffix("")
        command.run(["zstd", "-q", "-d", "-f", file, "-o", unpacked])
        return unpacked.read_bytes()
    return file.read_bytes()
