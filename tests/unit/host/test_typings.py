"""typings/*.pyi against the installed modules: a name or an argument that is not there is found here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import libvirt
import libvirt_qemu
import pytest

STUBS = Path(__file__).parents[3] / "typings"
MODULES = {"libvirt": libvirt, "libvirt_qemu": libvirt_qemu}


def declared(module: str) -> Iterator[tuple[str, ast.stmt]]:
    for statement in ast.parse((STUBS / f"{module}.pyi").read_text()).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement
        elif isinstance(statement, ast.FunctionDef):
            yield statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            yield statement.name, statement
            for member in statement.body:
                assert isinstance(member, ast.FunctionDef), f"{statement.name}: only methods are declared"
                yield f"{statement.name}.{member.name}", member


def arguments(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    """Name of each argument and whether it may be left out."""
    names = [argument.arg for argument in function.args.args]
    optional = len(function.args.defaults)
    return [(name, index >= len(names) - optional) for index, name in enumerate(names)]


def real_arguments(thing: object) -> list[tuple[str, bool]]:
    parameters = inspect.signature(thing).parameters.values()  # type: ignore[arg-type]
    return [(parameter.name, parameter.default is not parameter.empty) for parameter in parameters]


def find(module: ModuleType, path: str) -> object:
    thing: object = module
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize(
    ("module", "path", "statement"),
    [(module, path, statement) for module in MODULES for path, statement in declared(module)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_declared_name_is_in_the_module(module: str, path: str, statement: ast.stmt) -> None:
    thing = find(MODULES[module], path)
    if isinstance(statement, ast.AnnAssign):
        assert isinstance(thing, int)
    elif isinstance(statement, ast.FunctionDef):
        assert real_arguments(thing) == arguments(statement)
