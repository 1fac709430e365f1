"""The tree as the style tests see it: the product's modules and what each imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOT_OURS = {".git", ".venv", "__pycache__", "build", "dist", "node_modules"}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether the import stands inside a function."""

    module: str
    line: int
    inside_function: bool


@cache
def files(folder: str, pattern: str = "*.py") -> tuple[Path, ...]:
    found = sorted((ROOT / folder).rglob(pattern))
    return tuple(path for path in found if not _NOT_OURS & set(path.parts) and path.is_file())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of the tree: every rule looks at all of the product, and walking it takes longer than looking."""
    return tuple(ast.walk(tree(path)))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> tuple[Import, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[Import]:
    functions = [node for node in nodes(path) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in nodes(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in inside)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: the product's imports name the whole path"
            # `from vmsim.host import domain` may mean the module domain or a name in host: both are looked at.
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(whole if _is_module(whole) else str(node.module), node.lineno, id(node) in inside)


@cache
def _is_module(dotted: str) -> bool:
    path = ROOT.joinpath(*dotted.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()
