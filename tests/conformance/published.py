"""The examples published with the schema, from the pinned tccli package, which is downloaded once into the cache."""

from __future__ import annotations

import fcntl
import json
import runpy
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from style.sources import ROOT
from vmsim import config
from vmsim.api import spec
from vmsim.api.request import WireRequest
from vmsim.host import command

_SCRIPT = runpy.run_path(str(ROOT / "scripts" / "make-spec"))
_COMMON = "<公共请求参数>"


@dataclass(frozen=True)
class Example:
    """One of an action's, as it is printed."""

    service: spec.Service
    action: str
    number: int
    request: str
    reply: str

    @property
    def name(self) -> str:
        return f"{self.service.name}.{self.action}.{self.number}"

    def wire(self) -> WireRequest:
        """What a client would send; the common parameters are only hinted at in print."""
        text = self.request.replace("\r\n", "\n")
        if text.startswith("http"):
            query = text.partition("?")[2].replace("\n", "").replace(f"&{_COMMON}", "").strip()
            parts = (part.strip() for part in query.split("&"))
            return WireRequest("GET", "/", "&".join([*parts, f"Version={self.service.version}"]))
        head, _, body = text.partition("\n\n")
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        named = {**{key.lower(): value for key, value in headers.items()}, "x-tc-version": self.service.version}
        return WireRequest("POST", "/", "", named, body.encode())

    def response(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.reply)["Response"]
        return found


def examples() -> Iterator[Example]:
    """Those of every action whose schema is known here; of some services only a few actions are."""
    with zipfile.ZipFile(_wheel()) as wheel:
        for name, path in _SCRIPT["SOURCES"].items():
            service = spec.service(name)
            listed: Mapping[str, Any] = json.loads(wheel.read(f"tccli/services/{path}/examples.json"))["actions"]
            known = {action for action in service.actions if service.request(action) in service.objects}
            for action in sorted(set(listed) & known):
                for number, one in enumerate(listed[action]):
                    yield Example(service, action, number, one["input"], one["output"])


def _wheel() -> Path:
    folder = config.cache() / f"tccli-{_SCRIPT['PINNED']}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.whl")):
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
            command.run([*pip, f"tccli=={_SCRIPT['PINNED']}"], timeout=300)
    (found,) = folder.glob("*.whl")
    return found
