"""No code leaves that nobody publishes: each one that stands in the source is published for an action, or is common."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from style.sources import files, name, nodes
from vmsim.api import error_codes, spec
from vmsim.model.lifecycle import REFUSED_CODES_BY_STATE

PUBLISHED = error_codes.COMMON.union(*spec.error_lists().values())
# Two words or more, joined by a dot, the first one a common code: what only a code looks like.
CODE = re.compile(r"[A-Z][A-Za-z]+\.[A-Z][A-Za-z.]+")
# A state's name is put behind it; the second test has them whole.
STEMS = {"UnsupportedOperation.InstanceState"}
HEADS = {code.partition(".")[0] for code in PUBLISHED}


def words_of_code(path: Path) -> Iterator[tuple[str, str]]:
    for node in nodes(path):
        if isinstance(node, ast.keyword) and node.arg == "code":
            yield from ((name(path), word) for word in texts(node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value
            if CODE.fullmatch(word) and word.partition(".")[0] in HEADS and word not in STEMS:
                yield name(path), word


def texts(value: ast.expr) -> Iterator[str]:
    """The plain texts of an expression: those of a choice between two as well."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*texts(value.body), *texts(value.orelse))


def test_every_code_in_the_source_is_published() -> None:
    found = [each for path in files("vmsim") for each in words_of_code(path)]
    assert len(found) > 60
    assert [each for each in found if each[1] not in PUBLISHED] == []


def test_every_code_of_the_translation_is_published() -> None:
    """Those of its tables that are put together, or stand there for other reasons than `code=`."""
    by_class = {code for _, codes in error_codes._BY_CLASS for code in codes}
    also = {code for key, codes in error_codes._ALSO_CALLED.items() for code in (key, *codes)}
    nearest = {common for _, common in error_codes._NEAREST_COMMON}
    assert by_class | also | set(error_codes._NOT_FOUND.values()) <= PUBLISHED
    assert nearest <= error_codes.COMMON
    assert {f"UnsupportedOperation.InstanceState{word}" for word in REFUSED_CODES_BY_STATE.values()} <= PUBLISHED
