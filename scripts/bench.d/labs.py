"""A lab for each contestant, gone with everything in it at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vmsim import config
from vmsim.lab.lab import DAEMON, Lab

_BARE = str(Path(__file__).with_name("bare.py"))


@contextmanager
def lab(root: Path, daemon: Sequence[str] = DAEMON) -> Iterator[Lab]:
    home = config.Home(root)
    made = Lab(home, replace(config.settings(home), port=0, offline=True), daemon)
    try:
        made.up()
        yield made
    finally:
        made.down()


@contextmanager
def bare_lab(root: Path, image: Path, net: str = "open") -> Iterator[Lab]:
    """Its daemon is bare.py, on that network; its image a copy, as a home of vmsim has one."""
    home = config.Home(root)
    home.images.mkdir(mode=0o700, parents=True)
    (home.images / image.name).write_bytes(image.read_bytes())
    home.lock_file.touch()  # the mark of a home, which an unknown folder is not taken for
    with lab(root, (_BARE, net)) as made:
        yield made
