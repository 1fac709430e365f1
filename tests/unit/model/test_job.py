from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import vmsim.cloud
from vmsim.model.job import STEP_WORDS

CLOUD = Path(vmsim.cloud.__path__[0])
WHERE = [*sorted((CLOUD / "jobs").glob("*.py")), CLOUD / "disk_copies.py", CLOUD / "rollback.py"]


def _steps() -> Iterator[str]:
    """What is given to `step(…)` and `job.step(…)`."""
    for path in WHERE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("step", "job.step"):
                (given,) = node.args
                yield str(ast.literal_eval(given))


def test_every_step_has_its_words() -> None:
    assert set(STEP_WORDS) == {"accepted", *_steps()}
