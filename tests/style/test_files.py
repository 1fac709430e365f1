"""House rules that a machine can hold: sizes, words that must not stand in a file, and how tests are written."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from .sources import ROOT, files, name, nodes, tree

LONGEST = 400
CODE = [*files("vmsim"), *files("tests"), *files("scripts"), *files("typings", "*.pyi"), ROOT / "setup.py"]
TESTS = files("tests")
TEXTS = [
    *(
        path
        for folder in ("vmsim", "tests", "scripts", "docs", "images", "typings", ".ci")
        for path in files(folder, "*")
    ),
    *(path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"),
]
# Written in two pieces, for this file is looked at too.
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")
EXAMPLES = {
    # The documents speak of a reader's machine, and these of a guest's or a test's own.
    "docs/": MACHINE_PATHS[1:],
    "tests/": MACHINE_PATHS[1:],
    "images/": MACHINE_PATHS[1:],
    "vmsim/": MACHINE_PATHS[1:],
    "Vagrantfile": MACHINE_PATHS[2:],
}
REGISTRIES = (
    "pypi." + "org",
    "files.python" + "hosted",
    "deb." + "debian.org",
    "registry." + "npmjs",
    "archive." + "ubuntu",
)
NO_NAMES = {"utils.py", "helpers.py", "manager.py", "base.py", "common.py"}


def text(path: Path) -> str:
    return path.read_text(errors="ignore")


def places(path: Path, nodes: Iterable[ast.AST]) -> list[str]:
    return [f"{name(path)}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}" for node in nodes]


def test_a_file_is_one_idea() -> None:
    assert [name(path) for path in CODE if len(text(path).splitlines()) > LONGEST] == []
    assert [name(path) for path in CODE if path.name in NO_NAMES] == []


def test_a_module_says_its_job() -> None:
    assert [name(path) for path in files("vmsim") if text(path).strip() and not ast.get_docstring(tree(path))] == []


def test_no_file_knows_a_machine_or_a_registry() -> None:
    assert len(TEXTS) > 200
    assert [(name(path), word) for path in TEXTS for word in forbidden(path) if word in text(path)] == []


def forbidden(path: Path) -> list[str]:
    known = next((allowed for start, allowed in EXAMPLES.items() if name(path).startswith(start)), ())
    return [word for word in (*MACHINE_PATHS, *REGISTRIES) if word not in known]


def test_tests_neither_pretend_nor_skip() -> None:
    found = [each for path in TESTS for each in places(path, filter(pretends_or_skips, nodes(path)))]
    assert found == []


def pretends_or_skips(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("skip", "skipif", "xfail", "importorskip")
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "mock" in ast.unparse(node)
    return False


def test_tests_wait_for_a_state_not_for_time() -> None:
    """A pause is the step of a loop that looks at something until a limit: it stands in a `while`."""
    assert [each for path in TESTS for each in places(path, blind_pauses(tree(path)))] == []


def blind_pauses(module: ast.Module) -> list[ast.Call]:
    loops = [node for node in ast.walk(module) if isinstance(node, ast.While)]
    looking = {id(node) for loop in loops for node in ast.walk(loop)}
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and id(node) not in looking]
    return [call for call in calls if ast.unparse(call.func) in ("time.sleep", "sleep")]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("time.sleep(1)", 1),
        ("while not up():\n    time.sleep(0.1)", 0),
        ("for _ in range(3):\n    time.sleep(1)", 1),
    ],
)
def test_a_blind_pause_is_known(source: str, wrong: int) -> None:
    assert len(blind_pauses(ast.parse(source))) == wrong


def test_scripts_can_be_run() -> None:
    scripts = [path for path in (*files("scripts", "*"), *files(".ci", "*")) if text(path).startswith("#!")]
    assert {"setup", "demo", "test", "check", "run"} <= {path.name for path in scripts}
    assert [name(path) for path in scripts if path.stat().st_mode & 0o111 != 0o111] == []
