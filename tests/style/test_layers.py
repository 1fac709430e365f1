"""Imports go one way, and what reaches outside Python stays in its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sources import Import, files, imports, name

# Layer: what of vmsim it may import, besides itself. A module named here is the only one of its layer.
ARROWS = {
    "model": [],
    "config": ["model"],
    "client": ["model"],
    "host": ["model", "config"],
    "store": ["model", "config"],
    "lab": ["host", "model", "config"],
    "cloud": ["store", "host", "model", "config"],
    "api": ["cloud", "model", "config"],
    "local": ["cloud", "model", "config"],
    "cli": ["client", "config", "lab", "model"],
    "verify": ["client", "config", "lab", "model", "host.ssh"],
    "daemon": ["api", "local", "cloud", "store", "host", "model", "config"],
    "__main__": ["cli"],
    "__init__": [],
}
GATES = {
    "libvirt": ["host/connection.py", "host/domain.py", "host/network.py"],
    "subprocess": ["host/command.py"],
    "paramiko": ["host/ssh.py"],
    "sqlalchemy": ["store/"],
    "sqlite3": ["store/"],
    "starlette": ["api/", "local/"],
    "uvicorn": ["daemon.py"],
    "click": ["cli/"],
    "rich": ["cli/"],
    "importlib": ["cli/lazy.py"],
}


def within(module: str, allowed: list[str]) -> bool:
    return any(module == each or module.startswith(each + ".") for each in allowed)


@pytest.mark.parametrize("path", files("vmsim"), ids=name)
def test_imports_go_one_way(path: Path) -> None:
    layer = name(path).split("/")[1].removesuffix(".py")
    allowed = [f"vmsim.{each}" for each in [layer, *ARROWS[layer]]]
    wrong = [each for each in imports(path) if within(each.module, ["vmsim"]) and not within(each.module, allowed)]
    assert [each for each in wrong if each.module != "vmsim"] == []


@pytest.mark.parametrize("path", files("vmsim"), ids=name)
def test_each_gate_is_one_place(path: Path) -> None:
    here = name(path).removeprefix("vmsim/")

    def elsewhere(each: Import) -> bool:
        places = GATES.get(each.module.split(".")[0])
        return places is not None and not here.startswith(tuple(places))

    assert [each for each in imports(path) if elsewhere(each)] == []


@pytest.mark.parametrize("path", files("vmsim"), ids=name)
def test_no_import_hides_in_a_function(path: Path) -> None:
    assert [each for each in imports(path) if each.inside_function] == []


def test_every_layer_is_known() -> None:
    assert {name(path).split("/")[1].removesuffix(".py") for path in files("vmsim")} == set(ARROWS)
