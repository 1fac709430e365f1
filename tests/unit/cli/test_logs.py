from __future__ import annotations

from pathlib import Path

from vmsim.cli import logs
from vmsim.cloud.context import Cloud

from .conftest import Vmsim


def test_what_is_appended_is_seen_over_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    path.write_text("one\n")
    following = logs.following(path, begin=0)
    assert next(following) == b"one\n"
    with path.open("a") as file:
        file.write("two\n")
    assert next(following) == b"two\n"
    path.rename(tmp_path / "daemon.log.1")
    path.write_text("three\n")
    assert next(following) == b"three\n"


def test_the_daemons_log_is_shown(cloud: Cloud, vmsim: Vmsim) -> None:
    cloud.home.logs.mkdir()
    (cloud.home.logs / "daemon.log").write_text("one\ntwo\n")
    assert vmsim("logs", "-n", "1").out == "two\n"


def test_a_log_that_is_not_there(cloud: Cloud, vmsim: Vmsim) -> None:
    ran = vmsim("logs", "init")
    assert ran.code == 1 and "never ran here" in ran.err


def test_an_instances_log_is_its_serial_console(cloud: Cloud, web: str, vmsim: Vmsim) -> None:
    log = cloud.home.serial_log(web)
    log.parent.mkdir(parents=True)
    log.write_text("login:\n")
    assert vmsim("logs", "web-1").out == "login:\n"
