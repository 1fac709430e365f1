"""`vmsim verify` as a user calls it: every sentence holds, standard output is JSON alone, and nothing is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from vmsim.config import Home
from vmsim.host import command
from vmsim.lab import images

pytestmark = pytest.mark.guest

TREE = Path(__file__).parents[2]
LIMIT = 300.0
ENDS_WITHIN = 30.0
SENTENCES = [f"R{number}" for number in (*range(1, 15), 24, 25)]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module", autouse=True)
def tiny() -> None:
    """Building it is another test's time."""
    images.ensure(images.DEFAULT, lambda _: None)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`vmsim verify`, with a folder for temporary homes of its own; ended whatever happens."""
    started: list[subprocess.Popen[str]] = []
    cache = images.folder().parent

    def run(*options: str) -> subprocess.Popen[str]:
        folders = {"TMPDIR": str(tmp_path), "VMSIM_CACHE": str(cache), "PYTHONPATH": str(TREE)}
        environment = {**os.environ, **folders, "VMSIM_ACCEL": "tcg"}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "vmsim", "verify", *options],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=ENDS_WITHIN)


def home_of(process: subprocess.Popen[str], folder: Path) -> Home:
    """The home that it made, as soon as guests are being booted in it."""
    assert process.stderr is not None
    assert any("booting it" in line for line in process.stderr)
    (root,) = folder.iterdir()
    return Home(root)


def belonging_to(folder: Path) -> list[str]:
    """Processes that were given anything in this folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        try:
            named = [*words, *process.environ().values()] if process.pid != os.getpid() else []
        except psutil.Error:
            continue
        if any(f"{folder}/vmsim-verify-" in word for word in named):
            found.append(f"{process.pid} {' '.join(words)}")
    return found


def assert_nothing_left(home: Home, folder: Path) -> None:
    assert list(folder.iterdir()) == []
    assert not home.runtime.exists()
    assert belonging_to(folder) == []


def test_every_sentence_holds_and_nothing_is_left(start: Start, tmp_path: Path) -> None:
    process = start("--output", "json")
    home = home_of(process, tmp_path)
    assert home.runtime.exists() and belonging_to(tmp_path)
    out, err = process.communicate(timeout=LIMIT)
    said: dict[str, Any] = json.loads(out)
    assert [row for row in said["rows"] if not row["passed"]] == [], err
    assert [row["id"] for row in said["rows"]] == SENTENCES
    assert all(row["evidence"] and row["requirement"] for row in said["rows"])
    assert process.returncode == 0
    assert said["passed"] is True
    assert_nothing_left(home, tmp_path)


def test_an_interruption_leaves_nothing(start: Start, tmp_path: Path) -> None:
    process = start()
    home = home_of(process, tmp_path)
    assert home.runtime.exists() and belonging_to(tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=ENDS_WITHIN)
    assert process.returncode == 130
    assert_nothing_left(home, tmp_path)


def test_an_unknown_image_is_a_sentence(start: Start, tmp_path: Path) -> None:
    process = start("--image", "nosuch")
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 1, err
    assert "nosuch" in err and out == ""
    assert list(tmp_path.iterdir()) == []


if os.geteuid() == 0:

    def test_every_sentence_holds_for_an_ordinary_user(ordinary_user: str) -> None:
        """In a lab without root. The image is copied, so that nothing is downloaded for a user who lives a minute."""
        at_home = Path(f"/home/{ordinary_user}")
        cache = at_home / "cache"
        (cache / "images").mkdir(parents=True)
        for file in images.folder().glob(f"{images.DEFAULT}.*"):
            shutil.copy(file, cache / "images")
        command.run(["chown", "-R", ordinary_user, cache])
        pytest_words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", f"{at_home}/t"]
        one = f"{__file__}::{test_every_sentence_holds_and_nothing_is_left.__name__}"
        own = [f"HOME={at_home}", f"VMSIM_CACHE={cache}", "PYTHONDONTWRITEBYTECODE=1"]
        become = ["runuser", "-u", ordinary_user, "--", "env", "-u", "XDG_RUNTIME_DIR"]
        done = command.run([*become, *own, *pytest_words, one], cwd=TREE, check=False, timeout=LIMIT)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout
