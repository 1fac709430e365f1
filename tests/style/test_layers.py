"""Imports go one way, and what reaches outside Python stays in its files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .sources import Import, files, imports, name, nodes

# Layer: what of vmsim it may import, besides itself and `vmsim/__init__.py`.
ARROWS = {
    "__init__": [],
    "__main__": ["cli"],
    "model": [],
    "config": ["model"],
    "client": ["config", "model"],
    "host": ["config", "model"],
    "proxy": ["model"],
    "store": ["config", "model"],
    "lab": ["host", "config", "model"],
    "cloud": ["store", "host", "config", "model"],
    "api": ["cloud", "config", "model"],
    "local": ["cloud", "api.server", "config", "model"],  # Tencent's API, unsigned, for our own command line
    "cli": ["client", "lab", "proxy.hosts", "config", "model"],
    "verify": ["client", "lab", "host.command", "host.process", "host.ssh", "config", "model"],
    "daemon": ["api", "local", "cloud", "store", "host", "proxy", "config", "model"],
}
# What reaches outside, and the only places that import it.
QUERIES = ("disk", "network", "security_group", "snapshot")
GATES = {
    "libvirt": ["host/backup.py", "host/connection.py", "host/domain.py", "host/network.py"],
    "libvirt_qemu": ["host/domain.py"],
    "subprocess": ["host/command.py"],
    "paramiko": ["host/ssh.py", "cli/guest.py"],
    # Those of cloud turn filters into conditions.
    "sqlalchemy": ["store/", "cloud/query.py", "cloud/key_pairs.py", *(f"cloud/{each}_query.py" for each in QUERIES)],
    "sqlite3": ["store/"],
    "starlette": ["api/", "local/"],
    "uvicorn": ["daemon.py", "api/metadata/listener.py"],
    "click": ["cli/"],
    "rich": ["cli/", "verify/report.py"],
    "importlib": ["cli/lazy.py", "lab/standby.py", "proxy/python/"],
}
# Names that anybody may pass on or catch, without starting anything.
TYPES = {
    "subprocess": {"Popen", "CompletedProcess", "PIPE"},
    "sqlalchemy": {"Connection"},
    "paramiko": {"Transport", "Channel", "SFTPClient"},
    "importlib": {"resources", "util", "files", "Traversable"},
}


def test_every_layer_is_known() -> None:
    assert {layer(path) for path in files("vmsim")} == set(ARROWS)


def test_imports_go_one_way() -> None:
    wrong = [(name(path), each.module) for path in files("vmsim") for each in ours(path) if not may(path, each.module)]
    assert wrong == []


def test_each_gate_is_one_place() -> None:
    assert [found for path in files("vmsim") for found in around_gates(path)] == []


def test_no_import_hides_in_a_function() -> None:
    assert [(name(path), each) for path in files("vmsim") for each in imports(path) if each.inside_function] == []


def layer(path: Path) -> str:
    return name(path).split("/")[1].removesuffix(".py")


def ours(path: Path) -> list[Import]:
    return [each for each in imports(path) if each.module.startswith("vmsim.")]


def may(path: Path, module: str) -> bool:
    allowed = [f"vmsim.{each}" for each in (layer(path), *ARROWS[layer(path)])]
    return any(module == each or module.startswith(each + ".") for each in allowed)


def around_gates(path: Path) -> Iterator[str]:
    reached = {each.module.split(".")[0] for each in imports(path)}
    for gate in sorted(reached & set(GATES)):
        beyond = used(path, gate) - TYPES.get(gate, set())
        if beyond and not name(path).removeprefix("vmsim/").startswith(tuple(GATES[gate])):
            yield f"{name(path)} uses {gate}: {', '.join(sorted(beyond))}"


def used(path: Path, module: str) -> set[str]:
    """Which names of the module occur; one that is called is more than a type."""
    names: set[str] = set()
    called = {id(node.func) for node in nodes(path) if isinstance(node, ast.Call)}
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == module:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module:
            started = id(node) in called and node.attr != "CompletedProcess"
            names.add(f"{node.attr}()" if started else node.attr)
    return names
