"""Debian packages for an image: chosen, downloaded and unpacked, without root, and never installed.

apt answers which version its lists know and where it is; a package is kept in the cache under apt's own file name and
used again while apt's checksum fits. Fails with HostError where apt knows no such package (its lists are old or empty)
and with CommandFailed where the download does not work.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from vmsim.host import command
from vmsim.model.errors import CommandFailed, HostError

_UPDATE = "Bring apt's lists up to date: sudo apt-get update"
_OFFER = re.compile(r"^'[^']*' (?P<file>\S+) (?P<size>\d+) (?:(?P<method>\w+):(?P<digest>[0-9a-f]+))?", re.MULTILINE)
_REAL_KERNEL = re.compile(r"\b(linux-(?:image|modules|binary)-(?:unsigned-)?\d[^\s,]*)")


@dataclass(frozen=True)
class Package:
    """A package as apt offers it."""

    file: str
    size: int
    method: str
    digest: str

    @property
    def name(self) -> str:
        return self.file.split("_")[0]

    @property
    def version(self) -> str:
        return unquote(self.file.split("_")[1])

    def is_whole(self, file: Path) -> bool:
        """True for a complete, unspoilt copy."""
        if not file.is_file() or file.stat().st_size != self.size:
            return False
        method = self.method.lower().replace("md5sum", "md5")
        return not method or hashlib.new(method, file.read_bytes()).hexdigest() == self.digest


def choose(wanted: Sequence[str], kernel: str, architecture: str) -> list[str]:
    """The packages meant by lines like `a | b`, of which apt knows the one or the other, and the kernel's.

    A package as `linux-image-cloud-amd64` only depends on today's kernel, that perhaps on its modules: all are named.
    """
    lines = [[name.strip() for name in line.split("|")] for line in [*wanted, kernel]]
    known = _dependencies([name for line in lines for name in line], architecture)
    chosen = []
    for line in lines:
        first = next((name for name in line if name in known), None)
        if first is None:
            raise HostError(f"apt knows no package {' or '.join(line)}.", hint=_UPDATE)
        chosen.append(first)
    kernels: dict[str, str] = {}
    waiting = _REAL_KERNEL.findall(known[chosen.pop()])
    while waiting:
        answer = _dependencies(waiting, architecture)
        kernels.update(answer)
        waiting = [name for text in answer.values() for name in _REAL_KERNEL.findall(text) if name not in kernels]
    if not kernels:
        raise HostError(f"{kernel} depends on no kernel that apt knows.", hint=_UPDATE)
    return [*chosen, *kernels]


def fetch(names: Sequence[str], architecture: str, cache: Path, progress: Callable[[str], None]) -> list[Package]:
    """Have the packages in the cache folder; only what is missing there is downloaded."""
    wanted = [f"{name}:{architecture}" for name in names]
    offers = command.run(["apt-get", "download", "--print-uris", *wanted]).stdout
    packages = [
        Package(offer["file"], int(offer["size"]), offer["method"] or "", offer["digest"] or "")
        for offer in _OFFER.finditer(offers)
    ]
    if len(packages) != len(names):
        raise HostError(f"apt offers {len(packages)} of {len(names)} packages.", hint=_UPDATE)
    missing = [package for package in packages if not package.is_whole(cache / package.file)]
    if missing:
        size = sum(package.size for package in missing)
        progress(f"downloading {len(missing)} packages, {size / 1e6:.0f} MB")
        _download(missing, architecture, cache)
    return packages


def unpack(packages: Sequence[Package], cache: Path, destination: Path) -> None:
    """The packages' files, all in one folder."""
    for package in packages:
        command.run(["dpkg-deb", "-x", cache / package.file, destination], timeout=300)


def _download(packages: Sequence[Package], architecture: str, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    # Whole files only ever appear in the cache: several builds may run at once, and any may be killed.
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as name:
        folder = Path(name)
        # apt's own user may not write here, and apt says so in a warning; it needs to be nobody else anyway.
        exact = [f"{package.name}:{architecture}={package.version}" for package in packages]
        try:
            command.run(["apt-get", "download", "-o", "APT::Sandbox::User=", *exact], cwd=folder, timeout=1800)
        except CommandFailed as error:
            raise CommandFailed(error.argv, error.returncode, error.stderr, hint=_UPDATE) from error
        for package in packages:
            if not package.is_whole(folder / package.file):
                raise HostError(f"{package.file} did not arrive whole.", hint=_UPDATE)
            (folder / package.file).rename(cache / package.file)


def _dependencies(names: Sequence[str], architecture: str) -> dict[str, str]:
    """What each package that apt knows depends on. One call for all: apt takes a second to open its lists."""
    wanted = [f"{name}:{architecture}" for name in names]
    answer = command.run(["apt-cache", "show", "--no-all-versions", *wanted], check=False).stdout
    found = {}
    for stanza in answer.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if re.match(r"[A-Z]\S*: ", line))
        if "Package" in fields:
            found[fields["Package"]] = fields.get("Depends", "")
    return found
